package sparse

import "slices"

// Edit puts blocks into a selection and takes others out, by hand, to see what a
// choice is worth. Blocks are numbered as the head's cache counts them; those that a
// query cannot see are passed over. The position of the query itself stays.
type Edit struct {
	Force, Drop []int
}

// Empty reports whether the edit changes nothing.
func (e Edit) Empty() bool { return len(e.Force) == 0 && len(e.Drop) == 0 }

// apply changes sel, of a query at position, for blocks of the given size. With a
// position of -1 there is no query whose own position would stay.
func (e Edit) apply(sel *Selection, block, length, position int) {
	was := slices.Clone(sel.Spans)
	sel.bounds, sel.paged = nil, nil // they are those of other positions now
	sel.Spans = sel.Spans[:0]
	for start := 0; start < length; start += block {
		end := min(start+block, length)
		switch b := start / block; {
		case slices.Contains(e.Drop, b):
			if position >= start && position < end {
				sel.add(position, position+1)
			}
		case slices.Contains(e.Force, b):
			sel.add(start, end)
		default:
			for _, s := range was {
				sel.add(max(s.Start, start), min(s.End, end))
			}
		}
	}
}

// Edited is a Selector whose choices are edited.
type Edited struct {
	Rest Selector
	Edit Edit
}

// Select implements Selector.
func (m Edited) Select(dst *Selection, q Query, h *KVCache) {
	m.Rest.Select(dst, q, h)
	m.Edit.apply(dst, h.Block, q.Position+1, q.Position)
}

// Reselect implements Reselector, where Rest does.
func (m Edited) Reselect(dst *Selection, q Query, h *KVCache, scores []float32) bool {
	if !Reselect(m.Rest, dst, q, h, scores) {
		return false
	}
	m.Edit.apply(dst, h.Block, q.Position+1, q.Position)
	return true
}

// Rate implements Rated, where Rest does.
func (m Edited) Rate(rates [][]float64, group int) Selector {
	return Edited{rate(m.Rest, rates, group), m.Edit}
}

// Prefill implements Prefiller: where Rest does, what it becomes is edited.
func (m Edited) Prefill(queries []float32, h *KVCache) Selector {
	return Edited{Prefill(m.Rest, queries, h), m.Edit}
}

// EditedOnce is an Evictor whose choice is edited.
type EditedOnce struct {
	Rest Evictor
	Edit Edit
}

// Window implements Evictor.
func (m EditedOnce) Window() int { return m.Rest.Window() }

// Keep implements Evictor.
func (m EditedOnce) Keep(dst *Selection, window []float32, layer, head int, h *KVCache) {
	m.Rest.Keep(dst, window, layer, head, h)
	m.Edit.apply(dst, h.Block, h.Len, -1)
}

// KeepLayer implements LayerEvictor, also where Rest decides head by head.
func (m EditedOnce) KeepLayer(dst []Selection, l Layer) {
	KeepLayer(m.Rest, dst, l)
	for h := range dst {
		m.Edit.apply(&dst[h], l.Caches[h].Block, l.Caches[h].Len, -1)
	}
}

// KeepModel implements ModelEvictor, also where Rest decides layer by layer.
func (m EditedOnce) KeepModel(dst [][]Selection, layer func(l int) (Layer, bool)) {
	length, block := 0, 0
	KeepModel(m.Rest, dst, func(l int) (Layer, bool) {
		of, ok := layer(l)
		if ok {
			length, block = of.Caches[0].Len, of.Caches[0].Block
		}
		return of, ok
	})
	for _, heads := range dst {
		for h := range heads {
			m.Edit.apply(&heads[h], block, length, -1)
		}
	}
}

// EvictStep implements StepEvictor. Where Rest does not, there is nothing to edit: the
// step's position stays.
func (m EditedOnce) EvictStep(kept []Selection, l Layer) {
	EvictStep(m.Rest, kept, l)
	if _, steps := m.Rest.(StepEvictor); !steps {
		return
	}
	for h := range kept {
		m.Edit.apply(&kept[h], l.Caches[h].Block, l.Caches[h].Len, l.Caches[h].Len-1)
	}
}

// Narrow implements Narrower: where Rest does, what it reads is edited.
func (m EditedOnce) Narrow(dst *Selection, q Query, h *KVCache) {
	if _, narrows := m.Rest.(Narrower); narrows {
		Narrow(m.Rest, dst, q, h)
		m.Edit.apply(dst, h.Block, q.Position+1, q.Position)
	}
}

// Reevict implements Reevictor, where Rest does.
func (m EditedOnce) Reevict(dst *Selection, layer, head int, h *KVCache, scores []float32) bool {
	rest, ok := m.Rest.(Reevictor)
	if !ok || !rest.Reevict(dst, layer, head, h, scores) {
		return false
	}
	m.Edit.apply(dst, h.Block, h.Len, -1)
	return true
}

// Edited is p with its method's choices edited.
func (p Plan) Edited(e Edit) Plan {
	if e.Empty() {
		return p
	}
	if p.Selector != nil {
		p.Selector = Edited{p.Selector, e}
	}
	if p.Evictor != nil {
		p.Evictor = EditedOnce{p.Evictor, e}
	}
	return p
}
