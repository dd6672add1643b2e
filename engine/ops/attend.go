package ops

func attend(dst, weights, q, keys, values []float32, spans []Span, scale float32, queries int) {
	CheckAttend(dst, weights, q, keys, values, spans, queries)
	EachQuery(dst, weights, q, queries, func(dst, weights, q []float32) { attendOne(dst, weights, q, keys, values, spans, scale) })
}

// EachQuery calls attend with the parts of Attend's operands that are one query's, in turn.
func EachQuery(dst, weights, q []float32, queries int, attend func(dst, weights, q []float32)) {
	d, n := len(q)/queries, len(weights)/queries
	for i := range queries {
		attend(dst[i*d:(i+1)*d], weights[i*n:(i+1)*n], q[i*d:(i+1)*d])
	}
}

// attendOne sums values in order of position, one chain per channel.
func attendOne(dst, weights, q, keys, values []float32, spans []Span, scale float32) {
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
