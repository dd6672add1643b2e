package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// TestOrthogonalise holds the Newton-Schulz iteration to what it is for: the
// result has the singular vectors of the matrix and singular values near one. The
// quintic's own range on values above a hundredth of the largest is 0.67 to 1.14.
func TestOrthogonalise(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{8, 8}, {8, 32}, {32, 8}} {
		rows, cols := shape[0], shape[1]
		u := newMuon(model.Config{Dim: 8, Hidden: 32}, ops.Reference())
		x := make([]float32, rows*cols)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		copy(u.x, x)
		y := u.orthogonalise(rows, cols)
		// Along a random direction of the short side, ‖yᵀa‖ lies between the least and
		// the greatest singular value.
		short, long := min(rows, cols), max(rows, cols)
		at := func(m []float32, s, l int) float64 {
			if rows <= cols {
				return float64(m[s*cols+l])
			}
			return float64(m[l*cols+s])
		}
		for range 50 {
			a := make([]float64, short)
			var norm float64
			for i := range a {
				a[i] = rng.NormFloat64()
				norm += a[i] * a[i]
			}
			var out float64
			for l := range long {
				var sum float64
				for s := range short {
					sum += a[s] * at(y, s, l)
				}
				out += sum * sum
			}
			if gain := math.Sqrt(out / norm); gain < 0.6 || gain > 1.25 {
				t.Errorf("%v: gain %.3f along a direction, want about 1", shape, gain)
			}
		}
		// <x, orth(x)> is the sum of the singular values, weighted by about one: never
		// below the Frobenius norm times the least gain.
		var inner, square float64
		for i := range x {
			inner += float64(x[i]) * float64(y[i])
			square += float64(x[i]) * float64(x[i])
		}
		if inner < 0.6*math.Sqrt(square) {
			t.Errorf("%v: <x, orth(x)> = %.3f for ‖x‖ = %.3f, so it is no ascent direction", shape, inner, math.Sqrt(square))
		}
	}
}

// TestMuonStep checks the size of an update and that a zero gradient only decays.
func TestMuonStep(t *testing.T) {
	u := newMuon(model.Config{Dim: 8, Hidden: 32}, ops.Reference())
	w, m, g := make([]float32, 64), make([]float32, 64), make([]float32, 64)
	for i := range w {
		w[i] = 1
	}
	u.step(ops.Dense(w, 8, 8), m, g, 0.1, 0.5, 1)
	for i, v := range w {
		if math.Abs(float64(v)-0.95) > 1e-6 {
			t.Fatalf("w[%d] = %g after a zero gradient, want 0.95 by decay", i, v)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range g {
		g[i], w[i] = float32(rng.NormFloat64()), 0
	}
	u.step(ops.Dense(w, 8, 8), m, g, 0.1, 0.5, 1)
	if rms := gradScale(w); rms < 0.02 || rms > 0.05 {
		t.Errorf("root mean square of the update %.4f, want about lr·%g = %.3f", rms, muonRMS, 0.1*muonRMS)
	}
}

// TestHeldParts: queries and keys that are held keep still, their neighbours move.
func TestHeldParts(t *testing.T) {
	u := newMuon(model.Config{Dim: 8, Hidden: 32}, ops.Reference())
	p := model.Param{Name: firstProjection, Shape: []int{32, 8}, Data: make([]float32, 256), Matrix: &model.Matrix{}}
	m, g := make([]float32, 256), make([]float32, 256)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range g {
		g[i] = float32(rng.NormFloat64())
	}
	u.update(p, m, g, 0.1, 0.5, 1, queryKey)
	for part := range 4 {
		moved := gradScale(p.Data[64*part:64*(part+1)]) > 0
		if want := part == 0 || part == 3; moved != want {
			t.Errorf("part %d moved: %t, want %t", part, moved, want)
		}
	}
}
