package model_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/model/modeltest"
	"kvscope/engine/ops"
	"kvscope/native/simd"
)

// TestSmolLM2Memory: SmolLM2 out of its GGUF file under an adapter with a memory gives
// what PyTorch computes in float32 with both.
func TestSmolLM2Memory(t *testing.T) {
	base := modeltest.SmolLM2(t)
	adapter := filepath.Join(filepath.Dir(base), "smollm2_memory.adapter.safetensors")
	if _, err := os.Stat(adapter); err != nil {
		t.Skipf("%s is not there: an adapter of 10 MB beside smollm2_memory.expected.safetensors, what it computes", adapter)
	}
	src, err := model.OpenSource(base)
	if err != nil {
		t.Fatal(err)
	}
	a, err := model.OpenAdapter(adapter)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Lay(a); err != nil {
		t.Fatal(err)
	}
	m, err := src.Model(simd.Best())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	expected, err := checkpoint.Open(filepath.Join(filepath.Dir(base), "smollm2_memory.expected.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer expected.Close()
	for text := range 3 {
		if testing.Short() && text > 0 {
			break
		}
		testSmolLM2Memory(t, m, expected, fmt.Sprint(text, "."))
	}
}

func testSmolLM2Memory(t *testing.T, m *model.Model, expected *checkpoint.File, text string) {
	ids, greedy := tokens(t, expected, text+"ids"), tokens(t, expected, text+"greedy")
	compare := func(name string, got ops.Matrix) {
		tensor, err := expected.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := tensor.Float32()
		if err != nil {
			t.Fatal(err)
		}
		n, dim := tensor.Shape[1], tensor.Shape[2]
		from := 0
		if name == text+"v_mem29" {
			from = got.Rows - n
		}
		for i, w := range want {
			head, position, channel := i/dim/n, from+i/dim%n, i%dim
			if d := math.Abs(float64(got.Row(position)[head*dim+channel] - w)); !(d <= 5e-3) {
				t.Fatalf("%s head %d position %d channel %d: %g, want %g", name, head, position, channel, got.Row(position)[head*dim+channel], w)
			}
		}
	}
	s, err := m.NewSession(model.Options{
		Block: 16, Capacity: len(ids) + len(greedy),
		Tap: func(layer int, name string, data ops.Matrix) {
			if as := fmt.Sprintf("%s%s%d", text, name, layer); data.Rows > 1 && expected.Has(as) {
				compare(as, data)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.Prefill(ids)
	if err != nil {
		t.Fatal(err)
	}
	want, err := expected.Float32(text + "top_logits")
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range tokens(t, expected, text+"top_ids") {
		if d := math.Abs(float64(last[id] - want[i])); !(d <= 1e-2) {
			t.Errorf("%slogit of %d: %g, want %g", text, id, last[id], want[i])
		}
	}
	var got []int32
	for logits := last; len(got) < len(greedy); {
		got = append(got, argmax(logits))
		if logits, err = s.Step(got[len(got)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, greedy) {
		t.Errorf("%sgreedy: %d, want %d", text, got, greedy)
	}
}
