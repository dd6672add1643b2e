package sparse

// h2oDecodeMethod is the entry of H2ODecode in the list of methods.
func h2oDecodeMethod() Info {
	info := h2oMethod()
	info.ID, info.Name = "h2o-decode", "H2O, while decoding"
	info.Help = "H2O as published: half the most recent tokens and half those attended to most; for each new token one leaves"
	info.Params = append(h2oParams(), groupParam(groupEach), whoseParam(WhoseHead, map[string]string{WhoseAll: stepByStep}))
	info.plan = func(s Settings) (Plan, error) {
		p, err := planH2O(s)
		if once, ok := p.Evictor.(H2O); ok {
			p.Evictor = H2ODecode{Capacity: s.limit(once.Capacity), Recent: once.Recent, Joint: s.joint()}
		}
		return p, err
	}
	return info
}

// H2ODecode is H2O as it was published (Zhang et al., arXiv:2306.14048, algorithm 1): the
// sums of attention go on while the answer is decoded, and for each position that comes one
// leaves. After the prefill it keeps what H2O does; then after every step, with R the
// positions that are there, the newest t among them, and q its query,
//
//	s_j += softmax_{j in R}(q·k_j/√Dh)               [R]
//
// and of the positions before t − Recent + 1 those of the greatest s stay, so that with the
// recent ones there are Capacity. Heads that keep one set have the mean of their sums after the
// prefill and add up the mean of what they pay, or the maximum of both. Scores are s, [P].
//
// Time O(P²·Dh) after the prefill and O(Capacity) a step, which has attended by the weights that
// are added to s; memory O(P) a head of queries. A step takes 1.7 times what Quest's does: half
// of what stayed lies apart, and which of it leaves is chosen anew.
type H2ODecode struct {
	Capacity int // positions kept, the recent ones included
	Recent   int
	Joint    // who keeps one set
}

// Window implements Evictor: every query votes.
func (m H2ODecode) Window() int { return everyQuery }

// Keep implements Evictor.
func (m H2ODecode) Keep(dst *Selection, window []float32, layer, _ int, h *KVCache) {
	keepAlone(m, dst, window, layer, h)
}

// KeepLayer implements LayerEvictor.
func (m H2ODecode) KeepLayer(dst []Selection, l Layer) {
	for first, end := 0, 0; first < len(dst); first = end {
		end = m.end(first, l.Caches)
		m.keep(dst[first:end], l.part(first, end))
	}
}

// keep lets heads keep what H2O does that keep one set.
func (m H2ODecode) keep(dst []Selection, l Layer) {
	h := l.Caches[0]
	sums, own := make([]float32, h.Len), make([]float32, h.Len)
	for i := range dst {
		accumulated(own, l.Windows[i], l.Caches[i])
		join(sums, own, m.Group == groupMax, i+1)
	}
	past := max(0, h.Len-m.Recent)
	for i := range dst {
		dst[i].reset(1)
		dst[i].Scores = append(dst[i].Scores, sums...)
		keepTop(&dst[i], h, past, m.Capacity-m.Recent)
		// The sums of the recent positions, which keepTop marks as not scored, go on.
		copy(dst[i].Scores, sums)
	}
}

// EvictStep implements StepEvictor.
func (m H2ODecode) EvictStep(kept []Selection, l Layer) {
	for first, end := 0, 0; first < len(kept); first = end {
		end = m.end(first, l.Caches)
		m.step(kept[first:end], l.part(first, end))
	}
}

// step lets heads go on evicting that keep one set.
func (m H2ODecode) step(kept []Selection, l Layer) {
	length := l.Caches[0].Len
	there := append(kept[0].positions(), length-1)
	pooled := make([]float32, len(there))
	for i := range kept {
		join(pooled, l.paid(i, there), m.Group == groupMax, i+1)
	}
	past, scores := 0, make([]float32, 0, len(there))
	for i := range kept {
		s := &kept[i]
		s.Scores = append(s.Scores, 0)
		for n, w := range pooled {
			s.Scores[there[n]] += w
		}
	}
	for n, j := range there {
		if j < length-m.Recent {
			past, scores = n+1, append(scores, kept[0].Scores[j])
		}
	}
	picked := TopK(l.Caches[0].kernels, nil, scores, m.Capacity-(len(there)-past))
	for i := range kept {
		s := &kept[i]
		s.Spans = s.Spans[:0]
		for _, n := range picked {
			s.add(there[n], there[n]+1)
		}
		for _, j := range there[past:] {
			s.add(j, j+1)
		}
	}
}
