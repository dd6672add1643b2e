package ops

import "math"

func adamW(p, m, v, grad []float32, h AdamWStep) {
	CheckSame("AdamW p and m", len(p), len(m))
	CheckSame("AdamW p and v", len(p), len(v))
	CheckSame("AdamW p and grad", len(p), len(grad))
	for i := range p {
		g := grad[i] * h.GradScale
		m[i] = h.Beta1*m[i] + (1-h.Beta1)*g
		v[i] = h.Beta2*v[i] + (1-h.Beta2)*g*g
		root := float32(math.Sqrt(float64(v[i] / h.Correction2)))
		p[i] -= h.LR * (m[i]/h.Correction1/(root+h.Eps) + h.Decay*p[i])
	}
}
