package state

import (
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/web/picture"
)

// preview predicts the picks of a request from the scores of the content. It is nil where
// they do not tell, and for the request of the content itself.
func (c *Content) preview(req run.Request) *picture.Run {
	if c == nil || c.Run.Done == nil {
		return nil
	}
	asked, live := c.Of.(Asked)
	if !live || req.ID() == asked.Request.ID() {
		return nil
	}
	return picture.Preview(c.Run, run.Reselect(req, asked.Request, &c.Run.Run, ops.Reference()))
}
