package ops

import "math"

func adamW(p, m, v, grad []float32, h AdamWStep) {
	CheckSame("AdamW p and m", len(p), len(m))
	CheckSame("AdamW p and v", len(p), len(v))
	CheckSame("AdamW p and grad", len(p), len(grad))
	rest1, rest2 := 1-h.Beta1, 1-h.Beta2
	for i := range p {
		g := float32(grad[i] * h.GradScale)
		m[i] = float32(h.Beta1*m[i]) + float32(rest1*g)
		v[i] = float32(h.Beta2*v[i]) + float32(float32(rest2*g)*g)
		root := float32(math.Sqrt(float64(v[i] / h.Correction2)))
		move := m[i]/h.Correction1/(root+h.Eps) + float32(h.Decay*p[i])
		p[i] -= float32(h.LR * move)
	}
}
