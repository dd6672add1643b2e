package model_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	s, err := m.NewSession(model.Options{
		Block: 16, Capacity: needed(t, expected, text),
		Tap: func(layer int, name string, data ops.Matrix) {
			as := fmt.Sprintf("%s%s%d", text, name, layer)
			if data.Rows == 1 || !expected.Has(as) {
				return
			}
			from := 0
			if as == text+"v_mem29" {
				from = data.Rows - heads(t, expected, as).Shape[1]
			}
			compareHeads(t, expected, as, from, data, 5e-3)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	answers(t, s, expected, text, 1e-2)
}
