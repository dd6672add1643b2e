package picture

import "slices"

// Diff is how two runs on the same prompt pick differently: of every cell of a block
// grid the shares that the first run alone picked, that both did and that the second
// alone did, [Lines, Columns] each.
type Diff struct {
	Left, Both, Right []float32
}

// Compare pictures what r picks otherwise than other, for one head or over all, on
// the lines and columns of g, r's own grid. It is nil when the two are not of the
// same prompt. Lines that other lacks, or heads, count as not picked there.
func (r *Run) Compare(other *Run, g *Grid, head *Head) *Diff {
	if !r.comparable(other) {
		return nil
	}
	n := len(g.Lines) * g.Columns
	d := &Diff{make([]float32, n), make([]float32, n), make([]float32, n)}
	for i, l := range r.lines {
		at := i * g.Columns
		terms := make([]float32, g.Columns)
		for _, h := range r.heads(head) {
			r.each(l, h, func(s *selection, q int) {
				mine := positions(s, q)
				var theirs []bool
				if o, p := other.query(l.Step, h, s.First+q); o != nil {
					theirs = positions(o, p)
				}
				for b := range g.Columns {
					lo, hi := b*g.Block, min((b+1)*g.Block, len(mine))
					if lo >= hi {
						break
					}
					left, both, right := counts(mine[lo:hi], theirs, lo)
					terms[b]++
					size := float32(hi - lo)
					d.Left[at+b] += float32(right) / size // other is on the left
					d.Both[at+b] += float32(both) / size
					d.Right[at+b] += float32(left) / size
				}
			})
		}
		for b, t := range terms {
			if t > 0 {
				d.Left[at+b] /= t
				d.Both[at+b] /= t
				d.Right[at+b] /= t
			}
		}
	}
	return d
}

func (r *Run) comparable(other *Run) bool {
	return r != nil && other != nil && r.Header != nil && other.Header != nil && slices.Equal(r.Header.Tokens, other.Header.Tokens)
}

// heads lists one head, or all.
func (r *Run) heads(head *Head) []Head {
	if head != nil {
		return []Head{*head}
	}
	var out []Head
	for l := range r.Header.Layers {
		for h := range r.Header.Heads {
			out = append(out, Head{l, h})
		}
	}
	return out
}

// query finds what a head selected for the query at a position.
func (r *Run) query(step int, h Head, position int) (*selection, int) {
	for _, s := range r.Of(step, h.Layer, h.Head) {
		if q := position - s.First; q >= 0 && q < s.Queries {
			return s, q
		}
	}
	return nil, 0
}

// positions has an entry for each position that query q of s could see, true where it picked
// that.
func positions(s *selection, q int) []bool {
	out := make([]bool, present(s, q))
	picks(s, q, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			out[p] = true
		}
	})
	return out
}

// counts is how many of the positions from lo on are picked in a alone, in both, and
// in b alone, b being counted from position 0.
func counts(a, b []bool, lo int) (onlyA, both, onlyB int) {
	for i, in := range a {
		other := lo+i < len(b) && b[lo+i]
		switch {
		case in && other:
			both++
		case in:
			onlyA++
		case other:
			onlyB++
		}
	}
	return onlyA, both, onlyB
}

// Jaccard is the share of what either run picked that both did, |A∩B| / |A∪B|, of
// every head, averaged over the answer steps that both have; below 0 where there is
// none. Nil when the two are not of the same prompt.
func (r *Run) Jaccard(other *Run) []float32 {
	if !r.comparable(other) {
		return nil
	}
	out := make([]float32, r.Header.Layers*r.Header.Heads)
	for i, h := range r.heads(nil) {
		var sum float32
		n := 0
		for _, l := range r.steps {
			if l == nil {
				continue
			}
			r.each(l, h, func(s *selection, q int) {
				o, p := other.query(l.Step, h, s.First+q)
				if o == nil {
					return
				}
				a, both, b := counts(positions(s, q), positions(o, p), 0)
				if a+both+b > 0 {
					sum += float32(both) / float32(a+both+b)
					n++
				}
			})
		}
		out[i] = -1
		if n > 0 {
			out[i] = sum / float32(n)
		}
	}
	return out
}
