package state

import (
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/web/picture"
)

// preview is what a request would pick by the scores of the run on the screen, nil
// where they do not tell, and for the request that the run is of.
func (c *Column) preview(req run.Request) *picture.Run {
	if c.Run == nil || c.Run.Done == nil || req.ID() == c.ran.ID() {
		return nil
	}
	return picture.Preview(c.Run, run.Reselect(req, c.ran, &c.Run.Run, ops.Reference()))
}

// Pictured is what the pictures of the column are of: the preview while there is one,
// else the run.
func (c *Column) Pictured() *picture.Run {
	if c.Preview != nil {
		return c.Preview
	}
	return c.Run
}

// take puts the run that is being awaited on the screen once it has something to show:
// its header, or where a preview stands its first picks.
func (c *Column) take() {
	if c.Run == c.next || c.Preview != nil && c.next.LineCount() == 0 && c.next.Done == nil {
		return
	}
	c.Run, c.ran, c.Sights, c.Preview = c.next, c.Request, nil, nil
}
