package ops

func rope(x, cos, sin []float32) {
	CheckSame("RoPE cos and sin", len(cos), len(sin))
	h := len(cos)
	n := CheckWhole("RoPE", len(x), 2*h)
	for r := range n {
		a, b := x[r*2*h:][:h], x[r*2*h+h:][:h]
		for i, c := range cos {
			s := sin[i]
			a[i], b[i] = float32(a[i]*c)-float32(b[i]*s), float32(b[i]*c)+float32(a[i]*s)
		}
	}
}
