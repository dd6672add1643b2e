//go:build !noasm

package simd

import "kvscope/engine/ops"

func (n neon) rmsNormBackward(dx, dweight, dy, x, weight []float32, eps float32) {
	d := len(weight)
	if d == 0 || d%16 != 0 {
		n.reference.RMSNormBackward(dx, dweight, dy, x, weight, eps)
		return
	}
	ops.CheckSame("RMSNormBackward dx and x", len(dx), len(x))
	ops.CheckSame("RMSNormBackward dy and x", len(dy), len(x))
	ops.CheckSame("RMSNormBackward dweight and weight", len(dweight), len(weight))
	for t := range ops.CheckWhole("RMSNormBackward", len(x), d) {
		row, up, squares := &x[t*d], &dy[t*d], float32(0)
		dotRowsNEON(&squares, row, row, 1, d)
		inv := ops.InverseRMS(squares, d, eps)
		pull := ops.InverseRMSPull(dot3NEON(up, &weight[0], row, d), d, inv)
		normBackwardRowNEON(&dx[t*d], &dweight[0], up, row, &weight[0], d, inv, pull)
	}
}

func (n neon) adamW(p, m, v, grad []float32, h ops.AdamWStep) {
	ops.CheckSame("AdamW p and m", len(p), len(m))
	ops.CheckSame("AdamW p and v", len(p), len(v))
	ops.CheckSame("AdamW p and grad", len(p), len(grad))
	most := groups(len(p))
	if most > 0 {
		adamWNEON(&p[0], &m[0], &v[0], &grad[0], most, h.GradScale, h.Beta1, 1-h.Beta1, h.Beta2, 1-h.Beta2,
			h.Correction1, h.Correction2, h.Eps, h.Decay, h.LR)
	}
	n.reference.AdamW(p[most:], m[most:], v[most:], grad[most:], h)
}
