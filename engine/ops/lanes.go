package ops

// Sums over a row decide what a method selects, so every table must round them
// alike. They are therefore taken in the order natural to a 16-lane vector unit:
// lane l sums elements l, l+16, l+32, ..., products are rounded before they are
// added, and at the end the lanes are folded in halves, l with l+8, then with
// l+4, l+2, l+1. The explicit conversions keep the compiler from fusing. The
// loops are unrolled by hand because WASM runs them twice as fast that way.

// fold sums the lanes. It overwrites them.
func fold(s *[16]float32) float32 {
	for l := range 8 {
		s[l] += s[l+8]
	}
	for l := range 4 {
		s[l] += s[l+4]
	}
	return (s[0] + s[2]) + (s[1] + s[3])
}

// sum returns Σ x.
func sum(x []float32) float32 {
	var s [16]float32
	for len(x) >= 16 {
		a := (*[16]float32)(x)
		s[0] += a[0]
		s[1] += a[1]
		s[2] += a[2]
		s[3] += a[3]
		s[4] += a[4]
		s[5] += a[5]
		s[6] += a[6]
		s[7] += a[7]
		s[8] += a[8]
		s[9] += a[9]
		s[10] += a[10]
		s[11] += a[11]
		s[12] += a[12]
		s[13] += a[13]
		s[14] += a[14]
		s[15] += a[15]
		x = x[16:]
	}
	for l := range x {
		s[l] += x[l]
	}
	return fold(&s)
}

// dot returns Σ x∘y.
func dot(x, y []float32) float32 {
	var s [16]float32
	y = y[:len(x)]
	for len(x) >= 16 {
		a, b := (*[16]float32)(x), (*[16]float32)(y)
		s[0] += float32(a[0] * b[0])
		s[1] += float32(a[1] * b[1])
		s[2] += float32(a[2] * b[2])
		s[3] += float32(a[3] * b[3])
		s[4] += float32(a[4] * b[4])
		s[5] += float32(a[5] * b[5])
		s[6] += float32(a[6] * b[6])
		s[7] += float32(a[7] * b[7])
		s[8] += float32(a[8] * b[8])
		s[9] += float32(a[9] * b[9])
		s[10] += float32(a[10] * b[10])
		s[11] += float32(a[11] * b[11])
		s[12] += float32(a[12] * b[12])
		s[13] += float32(a[13] * b[13])
		s[14] += float32(a[14] * b[14])
		s[15] += float32(a[15] * b[15])
		x, y = x[16:], y[16:]
	}
	for l := range x {
		s[l] += float32(x[l] * y[l])
	}
	return fold(&s)
}

// bound returns Σ max(q∘lo, q∘hi).
func bound(q, lo, hi []float32) float32 {
	var s [16]float32
	lo = lo[:len(q)]
	hi = hi[:len(q)]
	for len(q) >= 16 {
		a, b, d := (*[16]float32)(q), (*[16]float32)(lo), (*[16]float32)(hi)
		s[0] += larger(a[0]*b[0], a[0]*d[0])
		s[1] += larger(a[1]*b[1], a[1]*d[1])
		s[2] += larger(a[2]*b[2], a[2]*d[2])
		s[3] += larger(a[3]*b[3], a[3]*d[3])
		s[4] += larger(a[4]*b[4], a[4]*d[4])
		s[5] += larger(a[5]*b[5], a[5]*d[5])
		s[6] += larger(a[6]*b[6], a[6]*d[6])
		s[7] += larger(a[7]*b[7], a[7]*d[7])
		s[8] += larger(a[8]*b[8], a[8]*d[8])
		s[9] += larger(a[9]*b[9], a[9]*d[9])
		s[10] += larger(a[10]*b[10], a[10]*d[10])
		s[11] += larger(a[11]*b[11], a[11]*d[11])
		s[12] += larger(a[12]*b[12], a[12]*d[12])
		s[13] += larger(a[13]*b[13], a[13]*d[13])
		s[14] += larger(a[14]*b[14], a[14]*d[14])
		s[15] += larger(a[15]*b[15], a[15]*d[15])
		q, lo, hi = q[16:], lo[16:], hi[16:]
	}
	for l := range q {
		s[l] += larger(q[l]*lo[l], q[l]*hi[l])
	}
	return fold(&s)
}

// dot3 returns Σ (x∘y)∘z.
func dot3(x, y, z []float32) float32 {
	var s [16]float32
	y, z = y[:len(x)], z[:len(x)]
	for c := range x {
		s[c%16] += float32(float32(x[c]*y[c]) * z[c])
	}
	return fold(&s)
}

// larger returns the larger one, b when they compare equal or not at all, as
// vector units do. The built-in max takes 180 ns in WASM.
func larger(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}
