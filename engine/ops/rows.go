package ops

func dotRows(dst, q, rows []float32) {
	CheckRows("DotRows", len(dst), len(q), len(rows))
	for i := range dst {
		dst[i] = dot(q, rows[i*len(q):][:len(q)])
	}
}

func boundScores(dst, q, lo, hi []float32) {
	CheckRows("BoundScores lo", len(dst), len(q), len(lo))
	CheckRows("BoundScores hi", len(dst), len(q), len(hi))
	for b := range dst {
		dst[b] = bound(q, lo[b*len(q):][:len(q)], hi[b*len(q):][:len(q)])
	}
}

// minMax moves a bound only where a row is beyond it, so NaN in rows is ignored.
func minMax(lo, hi, rows []float32) {
	CheckSame("MinMax lo and hi", len(lo), len(hi))
	n := CheckWhole("MinMax rows", len(rows), len(lo))
	for r := range n {
		for c, v := range rows[r*len(lo):][:len(lo)] {
			if v < lo[c] {
				lo[c] = v
			}
			if v > hi[c] {
				hi[c] = v
			}
		}
	}
}

func add(dst, x []float32) {
	CheckSame("Add", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += x[i]
	}
}
