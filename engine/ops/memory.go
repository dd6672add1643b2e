package ops

func memoryScan(dst Matrix, state []float32, gate, x Matrix) {
	CheckSteps("MemoryScan", x.Rows, len(state), dst, gate, x)
	if len(state) == 0 {
		return
	}
	for t := range x.Rows {
		out, g, in := dst.Row(t), gate.Row(t), x.Row(t)
		for c, s := range state {
			s = float32(g[c]*s) + float32((1-g[c])*in[c])
			state[c], out[c] = s, s
		}
	}
}

// memoryScanBackward goes through channels in strips, so that the adjoint of a
// strip lives on the stack.
func memoryScanBackward(dx, dgate, dy, y, gate, x Matrix) {
	CheckSteps("MemoryScanBackward", x.Rows, x.Cols, dx, dgate, dy, y, gate, x)
	const strip = 64
	for lo := 0; lo < x.Cols; lo += strip {
		hi := min(lo+strip, x.Cols)
		var carried, zeros [strip]float32
		for t := x.Rows - 1; t >= 0; t-- {
			up, g, in := dy.Row(t)[lo:hi], gate.Row(t)[lo:hi], x.Row(t)[lo:hi]
			down, dg := dx.Row(t)[lo:hi], dgate.Row(t)[lo:hi]
			prev := zeros[:]
			if t > 0 {
				prev = y.Row(t - 1)[lo:hi]
			}
			for c := range up {
				a := up[c] + carried[c]
				carried[c] = float32(g[c] * a)
				down[c] = (1 - g[c]) * a
				dg[c] += float32((prev[c] - in[c]) * a)
			}
		}
	}
}
