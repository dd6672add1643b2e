package ops

// attend sums values in order of position, one chain per channel.
func attend(dst, weights, q, keys, values []float32, spans []Span, scale float32) {
	CheckAttend(dst, weights, q, keys, values, spans)
	d, at := len(q), 0
	for _, s := range spans {
		dotRows(weights[at:at+s.Len()], q, keys[s.Start*d:s.End*d])
		at += s.Len()
	}
	softmaxRow(weights, scale)
	clear(dst)
	at = 0
	for _, s := range spans {
		for j := s.Start; j < s.End; j++ {
			w := weights[at]
			at++
			for c, v := range values[j*d:][:d] {
				dst[c] += float32(w * v)
			}
		}
	}
}
