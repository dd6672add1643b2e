package state

import (
	"slices"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/web/api"
	"kvscope/web/picture"
)

// Phase is where something that takes time stands.
type Phase string

// The phases, as they stand in data-state.
const (
	Idle    Phase = "idle"
	Loading Phase = "loading"
	Done    Phase = "done"
	Failed  Phase = "failed"
)

// Snapshot is everything the explorer shows. It is a value: an Action makes a new
// one. The runs it points to only grow, and their Columns count how far.
type Snapshot struct {
	Place    // what a link would restore; its Form is that of the run on the screen
	Draft    Form
	Problems Problems // of the draft, by field

	Chrome
	Views []View // below the heads, in the order of the chooser

	Meta      api.Meta
	MetaPhase Phase
	MetaError string
	Engine    Engine   // in use
	Engines   []Engine // to choose from

	Opening string // path of the model being opened, "" for none

	Columns [Sides]Column
	Hover   Hover
	Preview *picture.Head // head under the cursor

	Progress Progress // of the lecture
	Free     bool     // the controls are shown beside a lesson
	Many     Many

	Questions Questions

	White   bool // pictures are saved on white, whatever the colours of the page
	Playing bool
	Toast   Toast
	plays   int // how often playing has begun, to tell late beats from current ones
	runs    int // runs started, to tell late events from current ones

	answers map[asking]Answer // asked for beside the runs; replaced, never changed
	learned int               // how often they have changed
	scrub   scrub

	sought   string   // the name of the text that was asked for last
	textKept TextKept // who keeps the text that is too long for the address
}

// Hover is the block, line and token under the pointer.
type Hover struct {
	On    bool
	Block int
	Line  int // line under the pointer, or None where only a block is
	Token int // position under the pointer, or None where only a block is
}

// New is the state before anything is known, of a page with such views.
func New(p Place, views []View) Snapshot {
	s := Snapshot{Place: p, Draft: p.Form, Views: views, MetaPhase: Loading, Chrome: Chrome{Theme: System}}
	s.settle()
	s.view(p.View)
	for i := range s.Columns {
		s.Columns[i].Status = Empty{}
	}
	return s
}

// Pointed is the block pointed out: the one under the pointer or the keyboard, else the
// one held, -1 for none.
func (s *Snapshot) Pointed() int {
	if s.Hover.On {
		return s.Hover.Block
	}
	return s.PinnedBlock
}

// Running reports whether a run is under way.
func (s *Snapshot) Running() bool {
	for _, c := range s.Columns {
		if c.Phase() == Loading {
			return true
		}
	}
	return false
}

// Lines is how many lines can be stepped through.
func (s *Snapshot) Lines() int {
	n := 0
	for _, c := range s.Columns {
		if r := c.Pictured(); r != nil && r.LineCount() > 0 {
			n = max(n, s.Shift(r)+r.LineCount())
		}
	}
	return n
}

// Planned is how many lines there will be.
func (s *Snapshot) Planned() int {
	n := 0
	for _, c := range s.Columns {
		if r := c.Pictured(); r != nil {
			n = max(n, s.Shift(r)+r.Planned())
		}
	}
	return n
}

// Shift is how many lines of the timeline come before a run's first: its steps stand
// beside the same steps of the runs that have lines for queries of the prompt too.
func (s *Snapshot) Shift(r *picture.Run) int {
	most := 0
	for _, c := range s.Columns {
		if other := c.Pictured(); other != nil {
			most = max(most, other.Prompted())
		}
	}
	return most - r.Prompted()
}

// LineOf is the line of a run that stands at a line of the timeline: its first where it
// has none yet, its last where it has none any more, -1 without any.
func (s *Snapshot) LineOf(r *picture.Run, line int) int {
	if r == nil || line < 0 {
		return -1
	}
	return min(max(line-s.Shift(r), 0), r.LineCount()-1)
}

// Cursor is the line looked at: the chosen one, else the newest while running and
// the first that has an answer to find after, and from a preview on. -1 when there is
// no line.
func (s *Snapshot) Cursor() int {
	n := s.Lines()
	switch {
	case n == 0:
		return -1
	case s.Line >= 0:
		return min(s.Line, n-1)
	case s.Running() && !s.previewed():
		return n - 1
	}
	for _, c := range s.Columns {
		r := c.Pictured()
		if r == nil {
			continue
		}
		for i, l := range r.Lines() {
			if r.Gold(l.Step) >= 0 {
				return i + s.Shift(r)
			}
		}
	}
	return n - 1
}

// previewed reports whether there was a preview of any run that is under way: what is
// looked at rests then, since all of its lines are there from the start.
func (s *Snapshot) previewed() bool {
	return slices.ContainsFunc(s.Columns[:], func(c Column) bool {
		on := c.On()
		return c.Preview() != nil || on != nil && on.Previewed && !c.Stale()
	})
}

// Looked is the head the pictures are of: the one under the cursor, else the
// locked one, else nil for all heads.
func (s *Snapshot) Looked() *picture.Head {
	if s.Preview != nil {
		return s.Preview
	}
	return s.Head
}

// Heads is the layers and heads of the models on the screen.
func (s *Snapshot) Heads() (layers, heads int) {
	for _, c := range s.Columns {
		if r := c.Pictured(); r != nil && r.Header != nil {
			layers, heads = max(layers, r.Header.Layers), max(heads, r.Header.Heads)
		}
	}
	return layers, heads
}

// Longest is the shorter of the contexts of the draft's models, 0 when not known.
func (s *Snapshot) Longest() int {
	n := 0
	for side := range s.Draft.Columns() {
		if m := s.Model(s.Draft.Model(side)); m != nil && m.Arch != run.ArchCapture && m.Context > 0 && (n == 0 || m.Context < n) {
			n = m.Context
		}
	}
	return n
}

// Model is a model by name, or a step of a training; nil when there is none.
func (s *Snapshot) Model(name string) *run.ModelInfo { return run.FindModel(s.Meta.Models, name) }

// Proses lists what needles may be hidden in, by name.
func (s *Snapshot) Proses() []string {
	names := []string{niah.Sentences}
	for _, m := range s.Meta.Models {
		if m.Prose != "" && !slices.Contains(names, m.Prose) {
			names = append(names, m.Prose)
		}
	}
	return names
}

// Shown is the number of columns on the screen.
func (s *Snapshot) Shown() int {
	n := s.Form.Columns()
	for side := n; side < Sides; side++ {
		if s.Columns[side].Run() != nil {
			n = side + 1
		}
	}
	return n
}

// Entry is the position whose memory is looked at in a run: the one under the
// pointer, the one chosen, else the one that the step in question copies from, else
// the prompt's last.
func (s *Snapshot) Entry(r *picture.Run) int {
	if r == nil || r.Header == nil {
		return None
	}
	last := len(r.Header.Tokens) - 1
	switch {
	case s.Hover.On && s.Hover.Token >= 0:
		return min(s.Hover.Token, last)
	case s.Token >= 0:
		return min(s.Token, last)
	}
	if at := s.LineOf(r, s.Cursor()); at >= 0 {
		if gold := r.Gold(r.Lines()[at].Step); gold >= 0 {
			return gold
		}
	}
	return last
}

// Remembers is the first model of the draft that has a memory, "" for none.
func (s *Snapshot) Remembers() string {
	for side := range s.Draft.Columns() {
		if m := s.Model(s.Draft.Model(side)); m != nil && m.Memory {
			return m.Name
		}
	}
	return ""
}
