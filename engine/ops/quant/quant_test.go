package quant_test

import (
	"math"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops/quant"
)

// TestBlocks: random blocks of every format have the values that gguf's own
// dequantisation in Python gives them.
func TestBlocks(t *testing.T) {
	f, err := checkpoint.Open("testdata/blocks.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checked := 0
	for _, name := range quant.Names() {
		raw, err := f.Tensor(name + ".raw")
		if err != nil {
			t.Fatal(err)
		}
		want, err := f.Float32(name + ".values")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(want))
		quant.ByName(name).Dequantize(got, raw.Data)
		for i := range got {
			// The scale of a part may be rounded before the product, or not.
			if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-6*(1+math.Abs(float64(want[i])))) {
				t.Fatalf("%s: value %d is %g, want %g", name, i, got[i], want[i])
			}
		}
		checked++
	}
	if want := len(f.Names()) / 2; checked != want {
		t.Errorf("%d formats, the file has %d", checked, want)
	}
}

func TestSizes(t *testing.T) {
	for _, name := range quant.Names() {
		f := quant.ByName(name)
		for _, misuse := range []func(){
			func() { f.Dequantize(make([]float32, f.Len), make([]byte, f.Bytes+1)) },
			func() { f.Size(f.Len*3 + 1); f.Dequantize(make([]float32, f.Len), nil) },
		} {
			func() {
				defer func() {
					if text, _ := recover().(string); !strings.HasPrefix(text, "quant: ") {
						t.Errorf("%s: %q", name, text)
					}
				}()
				misuse()
			}()
		}
	}
	if quant.ByName("IQ1_S") != nil {
		t.Error("a format that is not known has a name")
	}
}
