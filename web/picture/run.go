package picture

import (
	"cmp"
	"slices"

	"kvscope/engine/figures"
	"kvscope/engine/trace"
)

// maxLines is how many lines of prefill queries a block grid shows at most. More
// are merged, so that a long prompt still fits on a screen.
const maxLines = 64

// Run is a trace with the sums over heads that its pictures need, kept up to date
// as events arrive. The zero value is ready for a header. Like trace.Run it only
// ever grows and is not safe for concurrent use.
type Run struct {
	trace.Run

	group int    // queries merged into one prefill line
	first []*sum // prefill lines by First/group, nil where nothing arrived
	steps []*sum // answer steps
	lines []*sum // all of the above that hold something, in reading order

	tally *figures.Tally
	found []found // per head

	pieces []string
}

// found counts the answer steps of one head that have a gold position, and those
// whose selection held it.
type found struct{ gold, hits int }

// Reads counts cache entries over the queries that selected.
type Reads struct {
	Read    int // entries attended to
	Present int // entries a dense query would have attended to
}

// Fraction is Read over Present, 1 when nothing is present.
func (r Reads) Fraction() float64 {
	if r.Present == 0 {
		return 1
	}
	return float64(r.Read) / float64(r.Present)
}

// Emit adds e to the run. An event that the trace refuses changes nothing.
func (r *Run) Emit(e trace.Event) error {
	if err := r.Run.Emit(e); err != nil {
		return err
	}
	switch e := e.(type) {
	case *trace.Header:
		r.open(e)
	case *trace.Selection:
		r.add(e)
	}
	return nil
}

func (r *Run) open(h *trace.Header) {
	r.tally = figures.NewTally(h.Layers, h.Heads)
	r.found = make([]found, h.Layers*h.Heads)
	r.group = max(1, h.Block)
	for (len(h.Tokens)+r.group-1)/r.group > maxLines {
		r.group *= 2
	}
}

func (r *Run) add(s *trace.Selection) {
	block := r.Block()
	for q := range s.Queries {
		r.line(s, q).add(s, q, block)
	}
	if s.Step < 0 || s.Queries > 1 {
		return
	}
	gold := r.Gold(s.Step)
	r.tally.Add(s, gold)
	if f := &r.found[s.Layer*r.Header.Heads+s.Head]; gold >= 0 {
		f.gold++
		if s.Covers(0, gold) {
			f.hits++
		}
	}
}

// line returns the line that query q of s belongs to, making it when it is the
// first to come.
func (r *Run) line(s *trace.Selection, q int) *sum {
	at, i := &r.steps, s.Step
	l := Line{Step: s.Step, First: s.First, Queries: s.Queries}
	if s.Step < 0 {
		at, i = &r.first, (s.First+q)/r.group
		l.First, l.Queries = i*r.group, r.group
	}
	*at = grow(*at, i+1)
	if (*at)[i] == nil {
		(*at)[i] = &sum{Line: l}
		r.place((*at)[i])
	}
	return (*at)[i]
}

// place puts a new line where it belongs in reading order: nearly always at the end.
func (r *Run) place(l *sum) {
	at, _ := slices.BinarySearchFunc(r.lines, l, func(a, b *sum) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.First, b.First))
	})
	r.lines = slices.Insert(r.lines, at, l)
}

// Block is the number of positions in a column of the block grid, at least 1.
func (r *Run) Block() int {
	if r.Header == nil {
		return 1
	}
	return max(1, r.Header.Block)
}

// Columns is the number of blocks that the prompt and the expected answer fill, or
// more when the run went further.
func (r *Run) Columns() int {
	if r.Header == nil {
		return 0
	}
	b := r.Block()
	n := (len(r.Header.Tokens) + len(r.Header.Answer) + b - 1) / b
	for _, l := range r.lines {
		n = max(n, len(l.share))
	}
	return n
}

// Gold is the prompt position that answer token step is copied from, or -1.
func (r *Run) Gold(step int) int {
	if r.Header == nil || step < 0 || step >= len(r.Header.Gold) {
		return -1
	}
	return r.Header.Gold[step]
}

// Bytes is the size of n cache entries, keys and values, in bytes: n*2*Dh*4.
func (r *Run) Bytes(n int) int {
	if r.Header == nil {
		return 0
	}
	return n * 2 * r.Header.HeadDim * 4
}

// Lines is the lines of the block grid so far, in reading order.
func (r *Run) Lines() []Line {
	out := make([]Line, len(r.lines))
	for i, l := range r.lines {
		out[i] = l.Line
	}
	return out
}

// Planned is how many lines the block grid will have, as far as can be told: a
// grid laid out for it does not move while it fills.
func (r *Run) Planned() int {
	if r.Header == nil {
		return 0
	}
	n := len(r.lines)
	if q := r.queried(); q > 0 {
		return max(n, q+1)
	}
	return max(n, len(r.Header.Answer))
}

// queried is how many lines there will be of the prompt's queries.
func (r *Run) queried() int {
	h := r.Header
	switch {
	case h == nil:
	case h.ByQuery():
		return (len(h.Tokens) + r.group - 1) / r.group
	case h.SparseFrom != nil && *h.SparseFrom < len(h.Tokens)-1: // the last token is the first step's
		return (len(h.Tokens)-1+r.group-1)/r.group - *h.SparseFrom/r.group
	}
	return 0
}

// ByQuery reports whether the grid has lines of the prompt's queries.
func (r *Run) ByQuery() bool { return r.queried() > 0 }

// Prompted is how many of the lines so far are of the prompt's queries; those of the
// answer's steps follow them.
func (r *Run) Prompted() int {
	return len(r.lines) - len(slices.DeleteFunc(slices.Clone(r.lines), func(l *sum) bool { return l.Step < 0 }))
}

// LineCount is the number of lines so far.
func (r *Run) LineCount() int { return len(r.lines) }

// Pieces is the text of the prompt, token by token; see Pieces of this package.
func (r *Run) Pieces() []string {
	if r.pieces == nil && r.Header != nil {
		r.pieces = Pieces(r.Header)
	}
	return r.pieces
}

// HeadReads counts the entries that the answer steps so far read, for one head or all
// together.
func (r *Run) HeadReads(head *Head) Reads {
	var out Reads
	for _, l := range r.steps {
		if l == nil {
			continue
		}
		at := l.reads
		if head != nil {
			at = r.one(l, *head).reads
		}
		out.Read += at.Read
		out.Present += at.Present
	}
	return out
}
