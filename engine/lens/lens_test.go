package lens

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/ops"
)

// drawn is a head of n random positions.
func drawn(n, dim int, gated bool) *HeadTensors {
	r := rand.New(rand.NewPCG(uint64(n), uint64(dim)))
	h := &HeadTensors{Dim: dim, Prompt: n - 2}
	for range n * dim {
		h.Q = append(h.Q, float32(r.NormFloat64()))
		h.K = append(h.K, 2*float32(r.NormFloat64()))
		if gated {
			h.Gate = append(h.Gate, r.Float32())
		}
	}
	for range h.Gate {
		h.State, h.Plain = append(h.State, float32(r.NormFloat64())), append(h.Plain, float32(r.NormFloat64()))
	}
	return h
}

// attention is the map of h in float64.
func attention(h *HeadTensors) [][]float64 {
	out := make([][]float64, h.Len())
	for t := range out {
		row := make([]float64, h.Len())
		var sum float64
		for j := range t + 1 {
			var s float64
			for c := range h.Dim {
				s += float64(h.Q[t*h.Dim+c]) * float64(h.K[j*h.Dim+c])
			}
			row[j] = math.Exp(s / math.Sqrt(float64(h.Dim)))
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
		out[t] = row
	}
	return out
}

func near(a float32, b float64) bool { return math.Abs(float64(a)-b) <= 1e-6+1e-5*b }

// TestMapIsTheAttention: rows, patches and single rows are one map, that of the
// definition.
func TestMapIsTheAttention(t *testing.T) {
	h := drawn(70, 8, false)
	want := attention(h)
	for _, skip := range []int{0, 4} {
		m := NewMap(h, ops.Reference(), skip)
		patch := make([]float32, 20*30)
		m.Patch(patch, 35, 55, 20, 50) // before any row is known
		rows := make([]float32, 33*70)
		m.Rows(rows, 30, 63)
		again := make([]float32, 20*30)
		m.Patch(again, 35, 55, 0, 30)
		for i := range 33 {
			one := make([]float32, 70)
			h.Row(ops.Reference(), one, 30+i)
			for j := range 70 {
				w := want[30+i][j]
				if !near(one[j], w) {
					t.Fatalf("row %d, position %d: %g, want %g", 30+i, j, one[j], w)
				}
				if j < skip {
					w = 0
				}
				if got := rows[i*70+j]; !near(got, w) {
					t.Fatalf("rows, skip %d: query %d, position %d: %g, want %g", skip, 30+i, j, got, w)
				}
				if p := i - 5; p >= 0 && p < 20 && j >= 20 && j < 50 && !near(patch[p*30+j-20], w) {
					t.Fatalf("patch, skip %d: query %d, position %d: %g, want %g", skip, 30+i, j, patch[p*30+j-20], w)
				}
				if p := i - 5; p >= 0 && p < 20 && j < 30 && !near(again[p*30+j], w) {
					t.Fatalf("later patch, skip %d: query %d, position %d: %g, want %g", skip, 30+i, j, again[p*30+j], w)
				}
			}
		}
	}
}

// TestMemoryKernelIsAShare: weights of the tokens add up to at most one, a shut gate
// keeps the token itself, and without a gate there is no memory.
func TestMemoryKernelIsAShare(t *testing.T) {
	h := drawn(40, 4, true)
	for c := range 4 {
		h.Gate[20*4+c] = 0 // nothing of before gets through
	}
	kernel := h.MemoryKernel(25)
	var sum, before float64
	for j, w := range kernel {
		sum += float64(w)
		if j < 20 {
			before += float64(w)
		}
	}
	if len(kernel) != 26 || before != 0 || math.Abs(sum-1) > 1e-5 {
		t.Errorf("%d weights adding up to %g, %g of it from behind a shut gate", len(kernel), sum, before)
	}
	if n := h.MemoryLength(20); n != 1 {
		t.Errorf("behind a shut gate the memory is %d long, want 1", n)
	}
	if got := drawn(10, 4, false); got.MemoryKernel(3) != nil || got.MemoryLength(3) != 0 || h.MemoryKernel(40) != nil {
		t.Error("a memory where there is none")
	}
}

func TestHeadRoundTrip(t *testing.T) {
	for _, h := range []*HeadTensors{drawn(12, 4, true), drawn(5, 2, false)} {
		file, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(file)
		if err != nil || !reflect.DeepEqual(back, h) {
			t.Errorf("%v: %+v, want %+v", err, back, h)
		}
	}
	bad := drawn(5, 2, true)
	bad.Q = bad.Q[2:]
	if _, err := bad.Encode(); err == nil || !strings.Contains(err.Error(), "q: 8 values") {
		t.Errorf("a query too few: %v", err)
	}
	bad = drawn(5, 2, true)
	bad.Plain = nil
	if _, err := bad.Encode(); err == nil || !strings.Contains(err.Error(), "state and plain: 10 and 0 values") {
		t.Errorf("states without plain keys: %v", err)
	}
}

// The numbers of a step of the memory come to the state, from nothing at the first position.
func TestRecurrence(t *testing.T) {
	h := drawn(12, 4, true)
	for at := range h.Len() {
		for c := range h.Dim {
			r, ok := h.Recurrence(at, c)
			if !ok || r.Channel != c || r.Gate != float64(h.Gate[at*4+c]) || r.State != float64(h.State[at*4+c]) {
				t.Fatalf("position %d, channel %d: %+v (%v)", at, c, r, ok)
			}
			if sum := r.Gate*r.Before + (1-r.Gate)*r.Own; math.Abs(sum-r.State) > 1e-9 {
				t.Errorf("position %d, channel %d: %g, want %g", at, c, sum, r.State)
			}
			if before := at > 0; before != (r.Before != 0) || before && r.Before != float64(h.State[(at-1)*4+c]) {
				t.Errorf("position %d, channel %d comes after %g", at, c, r.Before)
			}
		}
	}
	for _, where := range [][2]int{{12, 0}, {-1, 0}, {0, 4}, {0, -1}} {
		if _, ok := h.Recurrence(where[0], where[1]); ok {
			t.Errorf("there is a step at %v", where)
		}
	}
	if _, ok := drawn(5, 2, false).Recurrence(1, 1); ok {
		t.Error("a head without a memory has a step of it")
	}
}

func FuzzDecode(f *testing.F) {
	file, err := drawn(5, 2, true).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := Decode(file)
		if err != nil {
			return
		}
		if _, err := h.Encode(); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	h := drawn(4096, 32, false)
	m := NewMap(h, ops.Reference(), 0)
	dst := make([]float32, 64*4096)
	for b.Loop() {
		m.Rows(dst, 4096-64, 4096)
	}
}
