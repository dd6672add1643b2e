package ops

import "math"

// expNegative returns e^x for x <= 0 with a relative error below 1e-7; results
// that would be subnormal, x < -87.336544, are zero.
//
// With n = round(x/ln 2) and r = x − n·ln 2, e^x = 2^n·e^r, and e^r is 1 + r +
// r²·p(r) with p the minimax polynomial on |r| <= ln(2)/2. ln 2 is split so that
// n times its upper part is exact. Adding 3·2^22 rounds to an integer, which then
// stands in the lowest bits.
func expNegative(x float32) float32 {
	if x < -87.336544 {
		return 0
	}
	const shift = 3 << 22
	t := float32(x*math.Log2E) + shift
	n := t - shift
	r := x - float32(n*0.693359375)
	r -= float32(n * -2.12194440e-4)
	p := float32(0.0013814570847898722*r) + 0.008368730545043945
	p = float32(p*r) + 0.04166838899254799
	p = float32(p*r) + 0.1666652113199234
	p = float32(p*r) + 0.4999999403953552
	p = float32(p*float32(r*r)) + r
	p++
	return p * math.Float32frombits(math.Float32bits(t)<<23+0x3f800000)
}

// normalCDF returns Φ(x) and √(2π)·φ(x) = e^(−x²/2) of the standard normal; the
// error of Φ is below 2e-7, and below 1e-6 of itself down to x = -4.
//
// Φ(−|x|) is that bell times Mills' ratio/√(2π), which is smooth in t =
// 1/(1+0.2316|x|), a map of [0, ∞) to (0, 1]: a minimax polynomial in t without
// constant term is within 1.1e-7 of it.
func normalCDF(x float32) (cdf, bell float32) {
	z := abs(x)
	bell = expNegative(-0.5 * float32(z*z))
	t := 1 / (1 + float32(0.2316*z))
	p := float32(-0.0709983819*t) + 0.250310092
	p = float32(p*t) - 0.206237432
	p = float32(p*t) + 0.229570043
	p = float32(p*t) + 0.0111762744
	p = float32(p*t) + 0.103390453
	p = float32(p*t) + 0.0902743376
	p = float32(p*t) + 0.0925146672
	tail := float32(float32(p*t) * bell)
	return bySign(x, tail, 1-tail), bell
}
