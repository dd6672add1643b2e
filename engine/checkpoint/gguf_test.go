package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestParseGGUF reads a file with a value of every kind and tensors in three forms.
func TestParseGGUF(t *testing.T) {
	f, err := Parse(archive(t, "small.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"general.architecture": "llama", "general.alignment": int64(32), "llama.block_count": int64(1),
		"llama.rope.freq_base": 10000.0, "signed": int64(-3), "truth": true, "wide": int64(1 << 40), "double": 0.5,
		"tokenizer.ggml.tokens": []string{"<s>", "a", "é"}, "tokenizer.ggml.scores": []float64{0, -1, -2},
		"tokenizer.ggml.token_type": []int64{3, 1, -1}, "truths": []bool{true, false},
	}
	if !reflect.DeepEqual(f.Values, want) {
		t.Errorf("values %v, want %v", f.Values, want)
	}
	if names := f.Names(); !slices.Equal(names, []string{"half.weight", "output_norm.weight", "token_embd.weight"}) {
		t.Errorf("names %q", names)
	}
	for name, want := range map[string][]float32{"output_norm.weight": {1, 2, 3, 4}, "half.weight": {1, -2, 0.5, 4}} {
		if got, err := f.Float32(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	// Axes are turned around: rows of 32, of which the second begins with 1 times 0.5.
	got, err := f.Float32("token_embd.weight", 3, 32)
	if err != nil || got[31] != 15.5 || got[32] != 0.5 {
		t.Errorf("blocks: %v, %v", got, err)
	}
}

// TestGGUFRefuses changes one place of the good file.
func TestGGUFRefuses(t *testing.T) {
	good := archive(t, "small.gguf")
	u32 := func(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }
	u64 := func(v uint64) string { return string(binary.LittleEndian.AppendUint64(nil, v)) }
	for name, c := range map[string]struct{ old, with, want string }{
		"version":           {"GGUF" + u32(3), "GGUF" + u32(1), "version 1, want 2 or 3"},
		"big-endian":        {"GGUF" + u32(3), "GGUF\x00\x00\x00\x03", "big-endian"},
		"tensors":           {u64(3) + u64(12), u64(1<<40) + u64(12), "1099511627776 tensors in a file of"},
		"pairs":             {u64(3) + u64(12), u64(3) + u64(1<<60), "a string of"},
		"string of 2^60":    {u64(5) + "llama" + u64(17), u64(1<<60) + "llama" + u64(17), `"general.architecture": a string of 1152921504606846976 bytes`},
		"key of 2^60":       {u64(20) + "general.architecture", u64(1<<60) + "general.architecture", "a string of 1152921504606846976 bytes, want at most 65536"},
		"list of 2^60":      {u32(8) + u64(3), u32(8) + u64(1<<60), "an array of 1152921504606846976 values"},
		"list of lists":     {u32(8) + u64(3), u32(9) + u64(3), "an array of type 9"},
		"unknown value":     {"truth" + u32(7), "truth" + u32(13), "a value of type 13"},
		"number too large":  {u64(1 << 40), u64(1 << 63), "9223372036854775808, want at most"},
		"key twice":         {"signed", "double", `key "double" comes twice`},
		"alignment":         {"general.alignment" + u32(4) + u32(32), "general.alignment" + u32(4) + u32(33), "general.alignment: 33, want a power of two"},
		"quantisation":      {u64(32) + u64(3) + u32(8), u64(32) + u64(3) + u32(18), "type 18 IQ3_XXS, want one of F32, F16, BF16, Q8_0"},
		"no such type":      {u64(32) + u64(3) + u32(8), u64(32) + u64(3) + u32(99), "type 99"},
		"axes":              {"half.weight" + u32(2), "half.weight" + u32(5), "5 axes, want 1 to 4"},
		"part of a block":   {u64(32) + u64(3) + u32(8), u64(31) + u64(3) + u32(8), "rows of 31 are no whole blocks of Q8_0"},
		"huge shape":        {u64(32) + u64(3) + u32(8), u64(1<<60) + u64(3) + u32(8), "an axis of 1152921504606846976"},
		"offset":            {u32(0) + u64(128), u32(0) + u64(129), "offset 129, want a multiple of 32"},
		"offset far behind": {u32(0) + u64(128), u32(0) + u64(1<<62), "the file is cut off"},
	} {
		if !bytes.Contains(good, []byte(c.old)) {
			t.Fatalf("%s: the file has no %q", name, c.old)
		}
		_, err := Parse(bytes.Replace(good, []byte(c.old), []byte(c.with), 1))
		if err == nil || !strings.HasPrefix(err.Error(), "gguf: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q in one line", name, err, c.want)
		}
	}
	for n := 8; n < len(good); n++ {
		if _, err := Parse(good[:n]); err == nil || !strings.Contains(fmt.Sprint(err), "cut off") {
			t.Fatalf("cut at %d of %d: %v", n, len(good), err)
		}
	}
}

func FuzzParseGGUF(f *testing.F) {
	f.Add(archive(f, "small.gguf"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(append([]byte("GGUF"), data[min(4, len(data)):]...))
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if size, err := ggufSize(tensor); err != nil || size != len(tensor.Data) {
				t.Fatalf("tensor %q of %s %v holds %d bytes: %v", name, tensor.DType, tensor.Shape, len(tensor.Data), err)
			}
			_, _ = tensor.Float32() // of integers it is an error
		}
	})
}
