package page

import (
	"fmt"

	"kvscope/engine/sparse"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// inspect fills the inspector: the block pointed out, else the one that holds what
// the step copies from, at the line under the pointer, else the one looked at.
func inspect(s *state.Snapshot, views []*widget.ColumnView) widget.Inspector {
	out := widget.Inspector{Block: s.Pointed(), Held: s.PinnedBlock >= 0 && !s.Hover.On, Head: "all heads", Line: "step"}
	out.Columns = make([]widget.InspectorColumn, len(views))
	looked := s.Looked()
	if looked != nil {
		out.Head = fmt.Sprintf("L%d head %d", looked.Layer, looked.Head)
	}
	for _, v := range views {
		if out.Block < 0 && v.Gold >= 0 {
			out.Block = v.Gold / v.Run.Block()
		}
	}
	out.Forced, out.Dropped = s.Draft.Edited("force", out.Block), s.Draft.Edited("drop", out.Block)
	for i, v := range views {
		c := &out.Columns[i]
		c.Name, c.Preview = v.Short, v.Preview
		if v.Run == nil || v.Line < 0 {
			continue
		}
		line := v.Line
		if s.Hover.On && s.Hover.Line >= 0 {
			line = s.LineOf(v.Run, s.Hover.Line)
		}
		read(c, v.Run, line, out.Block, looked)
		before(c, v.Base)
		if out.Text == nil && out.Block >= 0 {
			describe(&out, v.Run, c.Step)
		}
		out.Line = lineName(c.Line)
	}
	return out
}

func lineName(l picture.Line) string {
	if l.Step < 0 {
		return fmt.Sprintf("queries %d–%d", l.First, l.First+l.Queries-1)
	}
	return fmt.Sprintf("step %d", l.Step)
}

// read fills in what one backbone says of a block at a line.
func read(c *widget.InspectorColumn, r *picture.Run, line, block int, head *picture.Head) {
	c.Has, c.OneHead = true, head != nil
	c.Line = r.Lines()[line]
	c.ScoreRank, c.Rank, c.Mass = -1, -1, -1
	if readout, ok := r.Readout(line, block, head); ok {
		c.Readout = readout
	}
	if step := c.Step; step >= 0 {
		if step < len(r.Header.Answer) {
			c.Want = picture.Label(r.Header.Answer[step])
		}
		if step < len(r.Steps) {
			st := r.Steps[step]
			c.Token, c.Prob, c.MS = picture.Label(st.Token), st.Prob, st.MS
			switch {
			case c.Want == "":
			case st.Correct:
				c.State = "right"
			default:
				c.State = "wrong"
			}
		}
	}
	if step := c.Step; step >= 0 && step < len(r.Steps) && r.Steps[step].Want != nil {
		c.Wanted = r.Steps[step].Want
	}
	c.Reads = r.ReadsAt(line, head)
	c.Bytes, c.Dense = r.Bytes(c.Reads.Read), r.Bytes(c.Reads.Present)
	if t, ok := r.TablesAt(line); ok {
		c.Tables = &t
	}
	if r.Done != nil {
		c.Prefill, c.Decode, c.ReadAll = r.Done.PrefillMS, r.Done.DecodeMS, r.Done.ReadFraction
		c.SparseMS, c.DenseMS = r.Done.SparseMS, r.Done.DenseMS
	}
	c.Evicts = r.Header.Phase == sparse.PhaseEvict
}

// before fills in what the step was before blocks were forced or dropped.
func before(c *widget.InspectorColumn, base *picture.Run) {
	if base == nil || c.Step < 0 || c.Step >= len(base.Steps) {
		return
	}
	st := base.Steps[c.Step]
	c.Before, c.WantedBefore = picture.Label(st.Token), st.Want
}

// describe fills in the block's own text.
func describe(out *widget.Inspector, r *picture.Run, step int) {
	b := r.Block()
	out.Lo, out.Hi = out.Block*b, min((out.Block+1)*b, len(r.Header.Tokens))
	gold := r.Gold(step)
	out.Gold = gold >= 0 && gold/b == out.Block
	if out.Lo >= len(r.Header.Tokens) {
		out.Hi = (out.Block + 1) * b
		out.Text = []widget.Segment{{Text: "the answer so far"}}
		return
	}
	answers := map[int]bool{}
	for _, p := range r.Header.Gold {
		answers[p] = true
	}
	pieces := r.Pieces()
	for p := out.Lo; p < out.Hi; p++ {
		if n := len(out.Text); n > 0 && out.Text[n-1].Gold == answers[p] {
			out.Text[n-1].Text += pieces[p]
			continue
		}
		out.Text = append(out.Text, widget.Segment{Text: pieces[p], Gold: answers[p]})
	}
}
