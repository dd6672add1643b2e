package picture

import "kvscope/engine/trace"

// Tables are the shares of the cache that an answer step reads in pages of the run's block,
// a page being read whole: where every head has a page table of its own, where the heads of
// a layer share one, and where all heads of all layers do, which is then all that any of
// them picked. Serving engines keep one table a sequence.
type Tables struct {
	Head, Layer, All float64
}

// TablesAt returns the tables of a line. It is false where the line is none of an answer step, or not
// all of its heads have come.
func (r *Run) TablesAt(line int) (Tables, bool) {
	if line < 0 || line >= len(r.lines) || r.lines[line].Step < 0 {
		return Tables{}, false
	}
	l, h, block := r.lines[line], r.Header, r.Block()
	present := l.First + 1
	pages := (present + block - 1) / block
	entries := func(touched []bool) (n int) {
		for p, on := range touched {
			if on {
				n += min(block, present-p*block)
			}
		}
		return n
	}
	var out Tables
	all, came := make([]bool, pages), 0
	for layer := range h.Layers {
		together := make([]bool, pages)
		for head := range h.Heads {
			own := make([]bool, pages)
			r.each(l, Head{layer, head}, func(s *trace.Selection, q int) {
				came++
				touch(own, s, q, block)
			})
			for p, on := range own {
				together[p], all[p] = together[p] || on, all[p] || on
			}
			out.Head += float64(entries(own)) / float64(present*h.Layers*h.Heads)
		}
		out.Layer += float64(entries(together)) / float64(present*h.Layers)
	}
	out.All = float64(entries(all)) / float64(present)
	return out, came == h.Layers*h.Heads
}

// touch marks the pages of a block's size that query q of s reads something of.
func touch(pages []bool, s *trace.Selection, q, block int) {
	for i := range s.Candidates {
		if !s.Has(q, i) {
			continue
		}
		for p := i * s.Unit / block; p <= ((i+1)*s.Unit-1)/block && p < len(pages); p++ {
			pages[p] = true
		}
	}
}
