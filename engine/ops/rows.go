package ops

// dotRows and boundScores decide what a method selects, so every table must
// produce the same bits. Both therefore fix the order of summation to what a
// 16-lane vector unit does: lane l sums channels l, l+16, l+32, ... in order,
// products are rounded before they are added (no fused multiply-add), and the
// lanes are folded as halves: l and l+8, then l and l+4, l+2, l+1.

func dotRows(dst, q, rows []float32) {
	CheckRows("DotRows", len(dst), len(q), len(rows))
	for i := range dst {
		dst[i] = dot(q, rows[i*len(q):][:len(q)])
	}
}

// dot takes the lanes in two halves, for 16 sums do not fit into registers.
func dot(q, row []float32) float32 {
	return fold(dotLanes(q, row), dotLanes(q[min(8, len(q)):], row[min(8, len(q)):]))
}

// dotLanes returns lanes 0 to 7 of q∘row.
func dotLanes(q, row []float32) (s [8]float32) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	row = row[:len(q)]
	c := 0
	for ; c+8 <= len(q); c += 16 {
		a, b := q[c:][:8], row[c:][:8]
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
	}
	s = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
	for l := 0; c+l < len(q); l++ {
		s[l] += float32(q[c+l] * row[c+l])
	}
	return s
}

func boundScores(dst, q, lo, hi []float32) {
	CheckRows("BoundScores lo", len(dst), len(q), len(lo))
	CheckRows("BoundScores hi", len(dst), len(q), len(hi))
	for b := range dst {
		dst[b] = bound(q, lo[b*len(q):][:len(q)], hi[b*len(q):][:len(q)])
	}
}

func bound(q, lo, hi []float32) float32 {
	h := min(8, len(q))
	return fold(boundLanes(q, lo, hi), boundLanes(q[h:], lo[h:], hi[h:]))
}

// boundLanes returns lanes 0 to 7 of max(q∘lo, q∘hi).
func boundLanes(q, lo, hi []float32) (s [8]float32) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	lo, hi = lo[:len(q)], hi[:len(q)]
	c := 0
	for ; c+8 <= len(q); c += 16 {
		a, b, d := q[c:][:8], lo[c:][:8], hi[c:][:8]
		s0 += max(a[0]*b[0], a[0]*d[0])
		s1 += max(a[1]*b[1], a[1]*d[1])
		s2 += max(a[2]*b[2], a[2]*d[2])
		s3 += max(a[3]*b[3], a[3]*d[3])
		s4 += max(a[4]*b[4], a[4]*d[4])
		s5 += max(a[5]*b[5], a[5]*d[5])
		s6 += max(a[6]*b[6], a[6]*d[6])
		s7 += max(a[7]*b[7], a[7]*d[7])
	}
	s = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
	for l := 0; c+l < len(q); l++ {
		s[l] += max(q[c+l]*lo[c+l], q[c+l]*hi[c+l])
	}
	return s
}

// fold sums 16 lanes, given as lanes 0-7 and 8-15.
func fold(a, b [8]float32) float32 {
	for l := range 8 {
		a[l] += b[l]
	}
	for l := range 4 {
		a[l] += a[l+4]
	}
	return (a[0] + a[2]) + (a[1] + a[3])
}

// minMax keeps a bound unless a row is beyond it, so a NaN in rows is ignored.
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
