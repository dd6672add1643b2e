package sparse

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kvscope/engine/ops"
)

// sortTopK is TopK by its definition.
func sortTopK(x []float32, k int) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	value := func(i int) float32 {
		if x[i] != x[i] {
			return float32(math.Inf(-1))
		}
		return x[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch va, vb := value(a), value(b); {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return 0
	})
	order = order[:max(0, min(k, len(x)))]
	slices.Sort(order)
	return order
}

func TestTopK(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	zero := float32(0)
	for _, c := range []struct {
		x    []float32
		k    int
		want []int
	}{
		{nil, 3, nil},
		{[]float32{1, 2}, 0, nil},
		{[]float32{1, 2}, -1, nil},
		{[]float32{1, 2}, 5, []int{0, 1}},
		{[]float32{1, 3, 2}, 1, []int{1}},
		{[]float32{5, 5, 5, 5}, 2, []int{0, 1}},
		{[]float32{5, 7, 5, 5}, 2, []int{0, 1}},
		{[]float32{-zero, zero, -zero}, 1, []int{0}},
		{[]float32{-1, -2, 1e-45, -1e-45}, 2, []int{2, 3}},
		{[]float32{-inf, nan, -3, inf}, 2, []int{2, 3}},
		{[]float32{nan, -inf, nan, -3}, 2, []int{0, 3}},
		{[]float32{nan, -inf, inf}, 3, []int{0, 1, 2}},
		{[]float32{1, math.Nextafter32(1, 2)}, 1, []int{1}},
	} {
		if got := TopK(ops.Reference(), nil, c.x, c.k); !slices.Equal(got, c.want) {
			t.Errorf("TopK(%v, %d) = %v, want %v", c.x, c.k, got, c.want)
		}
	}
}

func TestTopKAgainstSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var dst []int
	for range 2000 {
		x := make([]float32, r.IntN(300))
		levels := 1 + r.IntN(40) // few levels make many ties
		for i := range x {
			x[i] = float32(r.NormFloat64())
			if levels < 30 {
				x[i] = float32(r.IntN(levels) - levels/2)
			}
		}
		k := r.IntN(len(x) + 2)
		dst = TopK(ops.Reference(), dst, x, k)
		if want := sortTopK(x, k); !slices.Equal(dst, want) {
			t.Fatalf("TopK(%v, %d) = %v, want %v", x, k, dst, want)
		}
	}
}

func FuzzTopK(f *testing.F) {
	f.Add([]byte{0, 0, 128, 63, 0, 0, 192, 255, 0, 0, 128, 63}, 1)
	f.Fuzz(func(t *testing.T, data []byte, k int) {
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		if got, want := TopK(ops.Reference(), nil, x, k), sortTopK(x, k); !slices.Equal(got, want) {
			t.Errorf("TopK(%v, %d) = %v, want %v", x, k, got, want)
		}
	})
}

func BenchmarkTopK(b *testing.B) {
	for _, n := range []int{64, 2048, 32768} {
		x := make([]float32, n)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(4 * n))
			var dst []int
			for b.Loop() {
				dst = TopK(ops.Reference(), dst, x, n/16)
			}
		})
	}
}
