package sparse

// h2oDecodeMethod is the entry of H2ODecode in the list of methods.
func h2oDecodeMethod() Info {
	info := h2oMethod()
	info.ID, info.Name = "h2o-decode", "H2O, while decoding"
	info.Help = "H2O as published: half the most recent tokens and half those attended to most; for each new token one leaves"
	info.Params = h2oParams()
	info.plan = func(s Settings) (Plan, error) {
		p, err := planH2O(s)
		if once, ok := p.Evictor.(H2O); ok {
			p.Evictor = H2ODecode{Capacity: s.limit(once.Capacity), Recent: once.Recent}
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
// recent ones there are Capacity. Scores are s, [P].
//
// Time O(P²·Dh) after the prefill and O(Capacity·Dh) a step, memory O(P) a head of queries.
type H2ODecode struct {
	Capacity int // positions kept, the recent ones included
	Recent   int
}

// Validate reports the first field out of range.
func (m H2ODecode) Validate() error { return validateRecent(m.Capacity, m.Recent) }

// Window implements Evictor: every query votes.
func (m H2ODecode) Window() int { return everyQuery }

// Keep implements Evictor.
func (m H2ODecode) Keep(dst *Selection, window []float32, layer, head int, h *KVCache) {
	H2O{Capacity: m.Capacity, Recent: m.Recent}.Keep(dst, window, layer, head, h)
	// The sums of the recent positions, which H2O marks as kept without being scored, go on.
	accumulated(dst.Scores, window, h)
}

// EvictStep implements StepEvictor.
func (m H2ODecode) EvictStep(kept []Selection, l Layer) {
	for i := range kept {
		s, h := &kept[i], l.Caches[i]
		there := append(s.positions(), h.Len-1)
		s.Scores = append(s.Scores, 0)
		past, scores := 0, make([]float32, 0, len(there))
		for n, w := range weightsAt(l.Windows[i], h, there) {
			s.Scores[there[n]] += w
			if there[n] < h.Len-m.Recent {
				past, scores = n+1, append(scores, s.Scores[there[n]])
			}
		}
		s.Spans = s.Spans[:0]
		s.picked = TopK(h.kernels, s.picked, scores, m.Capacity-(len(there)-past))
		for _, n := range s.picked {
			s.add(there[n], there[n]+1)
		}
		for _, j := range there[past:] {
			s.add(j, j+1)
		}
	}
}
