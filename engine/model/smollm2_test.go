package model_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/model/modeltest"
	"kvscope/engine/ops"
	"kvscope/native/simd"
)

// TestSmolLM2: a model that people use, out of its GGUF file, gives what transformers
// computes in float32 with the same values: the highest logits after the last
// position, twelve greedy tokens, and keys of the first and the last
// layer.
func TestSmolLM2(t *testing.T) {
	m, err := model.Open(modeltest.SmolLM2(t), simd.Best())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	expected, err := checkpoint.Open("testdata/smollm2/expected.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer expected.Close()
	for text := range 5 {
		if testing.Short() && text > 1 {
			break
		}
		testSmolLM2(t, m, expected, fmt.Sprint(text, "."))
	}
}

func testSmolLM2(t *testing.T, m *model.Model, expected *checkpoint.File, text string) {
	s, err := m.NewSession(model.Options{
		Block: 16, Capacity: needed(t, expected, text),
		Tap: func(layer int, name string, data ops.Matrix) {
			if name != "k_mem" || data.Rows == 1 {
				return
			}
			switch layer {
			case 0:
				compareHeads(t, expected, text+"k0", 0, data, 2e-3)
			case m.Config().Layers - 1:
				compareHeads(t, expected, text+"k29", max(data.Rows-8, 0), data, 2e-3)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	answers(t, s, expected, text, 5e-3)
}

// needed is how many tokens a text has, with those that follow.
func needed(t *testing.T, expected *checkpoint.File, text string) int {
	t.Helper()
	return len(tokens(t, expected, text+"ids")) + len(tokens(t, expected, text+"greedy"))
}

// answers reads a text and holds its last logits, within a tolerance, and what is decoded
// to those expected.
func answers(t *testing.T, s *model.Session, expected *checkpoint.File, text string, tolerance float64) {
	t.Helper()
	greedy := tokens(t, expected, text+"greedy")
	last, err := s.Prefill(tokens(t, expected, text+"ids"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := expected.Float32(text + "top_logits")
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range tokens(t, expected, text+"top_ids") {
		if d := math.Abs(float64(last[id] - want[i])); !(d <= tolerance) {
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

// compareHeads holds keys or values [T, Hkv*Dh] from a position on to [Hkv, n, Dh].
func compareHeads(t *testing.T, expected *checkpoint.File, name string, from int, got ops.Matrix, tolerance float64) {
	t.Helper()
	tensor := heads(t, expected, name)
	want, err := tensor.Float32()
	if err != nil {
		t.Fatal(err)
	}
	n, dim := tensor.Shape[1], tensor.Shape[2]
	for i, w := range want {
		head, position, channel := i/dim/n, from+i/dim%n, i%dim
		if d := math.Abs(float64(got.Row(position)[head*dim+channel] - w)); !(d <= tolerance) {
			t.Fatalf("%s head %d position %d channel %d: %g, want %g", name, head, position, channel, got.Row(position)[head*dim+channel], w)
		}
	}
}

func heads(t *testing.T, expected *checkpoint.File, name string) checkpoint.Tensor {
	t.Helper()
	tensor, err := expected.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	return tensor
}

func tokens(t *testing.T, f *checkpoint.File, name string) []int32 {
	t.Helper()
	tensor, err := f.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := tensor.Int64()
	if err != nil {
		t.Fatal(err)
	}
	var out []int32
	for _, id := range wide {
		out = append(out, int32(id))
	}
	return out
}

func argmax(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}

// BenchmarkSmolLM2 is a prefill of 512 tokens, then 16 steps.
func BenchmarkSmolLM2(b *testing.B) {
	m, err := model.Open(modeltest.SmolLM2(b), simd.Best())
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	ids := make([]int32, 512)
	for i := range ids {
		ids[i] = int32(1000 + i*37%40000)
	}
	const steps = 16
	var prefill, decode time.Duration
	for b.Loop() {
		s, err := m.NewSession(model.Options{Block: 16, Capacity: len(ids) + steps})
		if err != nil {
			b.Fatal(err)
		}
		from := time.Now()
		if _, err := s.Prefill(ids); err != nil {
			b.Fatal(err)
		}
		read := time.Now()
		for range steps {
			if _, err := s.Step(ids[0]); err != nil {
				b.Fatal(err)
			}
		}
		prefill, decode = prefill+read.Sub(from), decode+time.Since(read)
	}
	b.ReportMetric(float64(b.N*len(ids))/prefill.Seconds(), "prefill-tokens/s")
	b.ReportMetric(float64(b.N*steps)/decode.Seconds(), "decode-tokens/s")
}
