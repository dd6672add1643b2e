package ops

func rope(x, cos, sin []float32) {
	CheckSame("RoPE cos and sin", len(cos), len(sin))
	h := len(cos)
	n := CheckWhole("RoPE", len(x), 2*h)
	for r := range n {
		a, b := x[r*2*h:][:h], x[r*2*h+h:][:h]
		for i, c := range cos {
			s := sin[i]
			a[i], b[i] = a[i]*c-b[i]*s, b[i]*c+a[i]*s
		}
	}
}
