package bench

import (
	"fmt"
	"strconv"
	"time"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
)

// methodPrefix begins the names of the figures of all methods.
const methodPrefix = "decode/method/"

// methodSides are all methods at one budget, 1/so many, as decode/method/ID. A method of the
// prefill selects for the last query of a prompt; one that evicts has done so before the step
// that is measured, goes on with it where it does so, and reads what is left.
func methodSides(o Options, heads []*sparse.KVCache, budget int) ([]*side, error) {
	tokens := heads[0].Len
	detail := fmt.Sprintf(", budget 1/%d, blocks of %d", budget, o.Sizes.Block)
	var sides []*side
	for _, m := range sparse.Methods() {
		if m.Family == sparse.FamilyDense {
			continue
		}
		values := sparse.Values{"budget": fmt.Sprintf("1/%d", budget), "block": strconv.Itoa(o.Sizes.Block)}
		plan, err := sparse.New(sparse.Config{Method: m.ID, Values: values}, tokens)
		if err != nil {
			return nil, err
		}
		s := &side{name: methodPrefix + m.ID, detail: detail}
		if plan.Evictor != nil {
			started := time.Now()
			kept := evict(o, plan.Evictor, *heads[0])
			s.once = time.Since(started)
			s.attend = evicted(plan.Evictor, kept, heads)
		} else {
			if plan.NeedsIndex {
				if err := plan.UseIndex(index(o, len(heads))); err != nil {
					return nil, err
				}
			}
			s.attend = prefilled(o, plan.Rated(falling(len(heads)), 1).Selector, heads)
		}
		sides = append(sides, s)
	}
	return sides, nil
}

// falling are hit rates of a layer of n heads.
func falling(n int) [][]float64 {
	rates := make([]float64, n)
	for h := range rates {
		rates[h] = 1 / float64(1+h)
	}
	return [][]float64{rates}
}

// indexDim is how many channels the indexes that are shipped have.
const indexDim = 8

// index is one of noise for a layer of n heads.
func index(o Options, n int) *sparse.Index {
	x := sparse.NewIndex(1, n, o.Sizes.HeadDim, indexDim, o.Sizes.Block)
	for _, part := range [][]float32{x.Query, x.Key, x.Weight} {
		fillNoise(part, uint64(len(part)))
	}
	return x
}

// lookedAt is how many queries of a prompt are made for a selector that looks at them.
const lookedAt = 64

// prefilled lets s look at the last queries of a prompt first, where it does.
func prefilled(o Options, s sparse.Selector, heads []*sparse.KVCache) func(d *decoder, head int) {
	queries := noise(min(lookedAt, heads[0].Len) * o.Sizes.HeadDim)
	each := make([]sparse.Selector, len(heads))
	for i, h := range heads {
		each[i] = sparse.Prefill(s, queries, h)
	}
	return func(d *decoder, head int) { d.attend(each[head], heads, head) }
}

// evict returns the positions that e keeps of all but the last one of h.
func evict(o Options, e sparse.Evictor, h sparse.KVCache) sparse.Selection {
	h.Len--
	h.Rotations = func(n int) (cos, sin []float32) { return model.Rope{Base: 10000}.Tables(h.Dim, n) }
	kept := make([]sparse.Selection, 1)
	window := noise(min(e.Window(), h.Len) * o.Sizes.HeadDim)
	sparse.KeepLayer(e, kept, sparse.Layer{Count: 1, Windows: [][]float32{window}, Caches: []*sparse.KVCache{&h}})
	return kept[0]
}

// evicted lets every head read what was kept of one: they are noise alike.
func evicted(e sparse.Evictor, kept sparse.Selection, heads []*sparse.KVCache) func(d *decoder, head int) {
	_, steps := e.(sparse.StepEvictor)
	return func(d *decoder, head int) {
		h := heads[head]
		d.selection.Since(&kept, h.Len-1, h.Len-1)
		sparse.Narrow(e, &d.selection, sparse.Query{Q: d.q, Position: h.Len - 1, Head: head}, h)
		d.read(h)
		paid := d.weights[:d.selection.Count()]
		d.selection.Scores = nil // they are kept's, which other threads read: nobody may write there
		if steps {
			next := []sparse.Selection{kept.Clone()}
			sparse.EvictStep(e, next, sparse.Layer{Count: 1, Windows: [][]float32{d.q}, Caches: []*sparse.KVCache{h}, Paid: [][]float32{paid}})
		}
	}
}
