package page

import (
	"slices"

	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// drawn keeps the pictures of a column for as long as what they show is the same,
// so that moving the pointer does not draw a grid again.
type drawn struct {
	run     *picture.Run
	version int
	head    string
	line    int
	shade   picture.Shade
	against *picture.Run // compared with, nil without
	late    int          // its Version

	view widget.ColumnView
}

// of is the view of a column.
func (d *drawn) of(s *state.Snapshot, side int) *widget.ColumnView {
	c := &s.Columns[side]
	run, looked := c.Pictured(), s.Looked()
	head, line := widget.HeadName(looked), s.LineOf(run, s.Cursor())
	against, late := comparedWith(s, side)
	if d.run != run || d.version != c.Version || d.head != head || d.against != against || d.late != late {
		d.view.Grid, d.view.Heads, d.view.Labels = nil, nil, nil
		if run != nil && run.Header != nil {
			d.view.Grid, d.view.Heads, d.view.Labels = run.Grid(looked), run.HeadGrid(), widget.Lines(run)
			d.view.Reads = run.HeadReads(looked)
			if against != nil {
				d.view.Grid.Diff = run.Compare(against, d.view.Grid, looked)
				for i, v := range run.Jaccard(against) {
					d.view.Heads.Cells[i].Jaccard = v
				}
			}
		}
		d.line = -2
	}
	if d.line != line || d.shade != s.Shade {
		d.look(run, line, looked, s.Shade)
	}
	d.run, d.version, d.head, d.line, d.shade, d.against, d.late = run, c.Version, head, line, s.Shade, against, late

	v := &d.view
	names := s.Names()
	v.Name, v.Short, v.How = names[side].Full, names[side].Short, names[side].How
	v.Model, v.Phase, v.Stopped, v.Gen, v.Problem, v.Run = c.Model, c.Phase, c.Stopped, c.Gen, c.Problem, run
	v.Unopened, v.Shift = c.Unopened, 0
	if run != nil {
		v.Shift = s.Shift(run)
	}
	v.Stale, v.Preview, v.File, v.Base = c.Stale(), c.Preview != nil, c.File, c.Base
	v.Against = ""
	if against != nil {
		v.Against = names[0].Full
	}
	v.Sight = state.Sight{}
	if s.Head != nil {
		v.Sight = c.Sights[*s.Head]
	}
	v.Entry = s.Entry(run)
	return v
}

// comparedWith is the run that a column is compared with, and how far it has come.
func comparedWith(s *state.Snapshot, side int) (*picture.Run, int) {
	first := &s.Columns[0]
	run := first.Pictured()
	if !s.Compare || side == 0 || run == nil || run.Header == nil {
		return nil, 0
	}
	return run, first.Version
}

// look fills in what depends on the line.
func (d *drawn) look(r *picture.Run, line int, head *picture.Head, shade picture.Shade) {
	v := &d.view
	v.Line, v.Step, v.Gold, v.Strip, v.Scatter = -1, -1, -1, nil, nil
	if r == nil || r.LineCount() == 0 {
		return
	}
	lines := r.Lines()
	v.Line = min(line, len(lines)-1)
	v.Step = lines[v.Line].Step
	v.Gold = r.Gold(v.Step)
	v.First = max(0, slices.IndexFunc(lines, func(l picture.Line) bool { return l.Step >= 0 }))
	v.Strip = r.Strip(v.Line, head, shade)
	v.Scatter = r.Scatter(v.Line, head)
}
