package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint/safetensors"
)

// raw is a file with the given header text and data.
func raw(header, data string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func sample() (map[string]string, []Tensor) {
	return map[string]string{"layout": "[head, seq]", "note": "<é&\u2028>"}, []Tensor{
		NewU8("mask", []int{3}, []uint8{0, 1, 1}),
		NewF32("w", []int{2, 3}, []float32{0, -1, 2.5, float32(math.Inf(1)), 1e-40, 7}),
		NewI64("ids", []int{2}, []int64{-5, 1 << 40}),
		NewF16("half", []int{2}, []float32{1, -2}),
		NewBF16("brain", []int{1, 2}, []float32{1, -2}),
		NewF32("empty", []int{0, 4}, nil),
		NewF32("scalar", nil, []float32{3}),
	}
}

func encode(t testing.TB, metadata map[string]string, tensors []Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	metadata, tensors := sample()
	data := encode(t, metadata, tensors)
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Metadata, metadata) {
		t.Errorf("metadata %v, want %v", f.Metadata, metadata)
	}
	if want := []string{"brain", "empty", "half", "ids", "mask", "scalar", "w"}; !slices.Equal(f.Names(), want) {
		t.Errorf("names %v, want %v", f.Names(), want)
	}
	for _, want := range tensors {
		got, err := f.Tensor(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%s: read %v, wrote %v", want.Name, got, want)
		}
	}
	slices.Reverse(tensors)
	if again := encode(t, metadata, tensors); !bytes.Equal(again, data) {
		t.Error("the order of tensors changes the file")
	}
}

func TestDataIsAligned(t *testing.T) {
	for n := range 8 {
		data := encode(t, map[string]string{"x": strings.Repeat("y", n)}, nil)
		if len(data)%8 != 0 {
			t.Errorf("data begins at byte %d, want a multiple of 8", len(data))
		}
	}
}

// TestTensorsAreApart holds that appending to one tensor's Data leaves the next
// one alone.
func TestTensorsAreApart(t *testing.T) {
	f, err := Parse(encode(t, nil, []Tensor{NewU8("a", []int{1}, []uint8{1}), NewU8("b", []int{1}, []uint8{2})}))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := f.Tensor("a")
	_ = append(a.Data, 9)
	if b, _ := f.Tensor("b"); b.Data[0] != 2 {
		t.Errorf("b holds %v, want 2", b.Data)
	}
}

func TestConversions(t *testing.T) {
	f64 := Tensor{Name: "f64", DType: F64, Shape: []int{2}}
	for _, v := range []float64{0.1, -3} {
		f64.Data = binary.LittleEndian.AppendUint64(f64.Data, math.Float64bits(v))
	}
	for _, c := range []struct {
		t    Tensor
		want []float32
	}{
		{f64, []float32{0.1, -3}},
		{NewF32("f32", []int{2}, []float32{0.1, 2}), []float32{0.1, 2}},
		{NewF16("f16", []int{2}, []float32{0.1, 2}), []float32{0.099975586, 2}},
		{NewBF16("bf16", []int{2}, []float32{0.1, 2}), []float32{0.100097656, 2}},
	} {
		if got, err := c.t.Float32(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: Float32() = %v, %v, want %v", c.t.Name, got, err, c.want)
		}
	}
	all := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for d, want := range map[DType]int64{
		U8: 0xfe, I8: -2, U16: 0xfffe, I16: -2, U32: 0xfffffffe, I32: -2,
		I64: 0x7ffffffffffffffe, U64: 0x7ffffffffffffffe, Bool: 0xfe,
	} {
		tensor := Tensor{Name: "x", DType: d, Shape: []int{1}, Data: all[:d.Size()]}
		if d == I64 || d == U64 {
			tensor.Data = append([]byte{0xfe}, all[1:]...)
		}
		if got, err := tensor.Int64(); err != nil || got[0] != want {
			t.Errorf("%s: Int64() = %v, %v, want %d", d, got, err, want)
		}
	}
	if got, err := NewU8("m", []int{2}, []uint8{4, 5}).Uint8(); err != nil || !slices.Equal(got, []uint8{4, 5}) {
		t.Errorf("Uint8() = %v, %v", got, err)
	}
}

func TestConversionErrors(t *testing.T) {
	f32 := NewF32("w", []int{1}, []float32{1})
	ids := NewI64("ids", []int{1}, []int64{1})
	big := Tensor{Name: "big", DType: U64, Shape: []int{1}, Data: bytes.Repeat([]byte{0xff}, 8)}
	f, err := Parse(encode(t, nil, []Tensor{f32, ids}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		call func() error
		want string
	}{
		{func() error { _, err := ids.Float32(); return err }, `tensor "ids" is I64, want F32, F64, F16 or BF16`},
		{func() error { _, err := f32.Int64(); return err }, `tensor "w" is F32, want an integer type`},
		{func() error { _, err := f32.Uint8(); return err }, `tensor "w" is F32, want U8 or BOOL`},
		{func() error { _, err := big.Int64(); return err }, `above the range of int64`},
		{func() error { _, err := f.Float32("w", 1, 2); return err }, `tensor "w" has shape [1], want [1 2]`},
		{func() error { _, err := f.Float32("v"); return err }, `tensor "v" is missing`},
	} {
		if err := c.call(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestParseRefuses holds Parse to a clear error for each way a file can lie.
func TestParseRefuses(t *testing.T) {
	_, tensors := sample()
	good := encode(t, nil, tensors)
	one := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	pair := func(a, b string) string {
		return fmt.Sprintf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":%s},"b":{"dtype":"U8","shape":[4],"data_offsets":%s}}`, a, b)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":               {nil, "is empty"},
		"short":               {good[:7], "too short"},
		"truncated header":    {good[:60], "in a file of 60"},
		"truncated data":      {good[:len(good)-1], "do not lie within"},
		"data after the end":  {append(slices.Clone(good), 0), "the data at"},
		"huge header":         {binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "at most 100000000"},
		"header over limit":   {binary.LittleEndian.AppendUint64(nil, MaxHeader+1), "at most 100000000"},
		"no header":           {raw("", ""), "begin with '{'"},
		"space first":         {raw(" {}", ""), "begin with '{'"},
		"array":               {raw("[]", ""), "begin with '{'"},
		"bad UTF-8":           {raw("{\"\xff\":1}", ""), "UTF-8"},
		"bad JSON":            {raw(`{"a":`, ""), "unexpected EOF"},
		"unclosed":            {raw(`{`, ""), "unexpected EOF"},
		"trailing comma":      {raw(`{"__metadata__":{},}`, ""), "invalid character"},
		"two objects":         {raw(`{}{}`, ""), "after the JSON object"},
		"garbage after":       {raw(`{} x`, ""), "after the JSON object"},
		"metadata number":     {raw(`{"__metadata__":{"a":1}}`, ""), `"__metadata__": "a": found 1, want a string`},
		"metadata null":       {raw(`{"__metadata__":null}`, ""), `want '{'`},
		"tensor not object":   {raw(`{"a":3}`, ""), `"a": found 3, want '{'`},
		"duplicate tensor":    {raw(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, ""), `duplicate key "a"`},
		"duplicate metadata":  {raw(`{"__metadata__":{"a":"","a":""}}`, ""), `duplicate key "a"`},
		"no dtype":            {raw(`{"a":{"shape":[0],"data_offsets":[0,0]}}`, ""), "want dtype, shape and data_offsets"},
		"miscased dtype":      {raw(`{"a":{"DType":"U8","shape":[0],"data_offsets":[0,0]}}`, ""), "want dtype, shape and data_offsets"},
		"unknown dtype":       {raw(one(`"F31"`, `[1]`, `[0,4]`), "1234"), `tensor "a": unknown dtype "F31"`},
		"dtype number":        {raw(one(`32`, `[1]`, `[0,4]`), "1234"), "want a string"},
		"negative size":       {raw(one(`"F32"`, `[-1]`, `[0,4]`), "1234"), "want a whole number"},
		"fraction":            {raw(one(`"F32"`, `[1.0]`, `[0,4]`), "1234"), "want a whole number"},
		"number above int":    {raw(one(`"F32"`, `[9223372036854775808]`, `[0,4]`), "1234"), "want a whole number"},
		"string in shape":     {raw(one(`"F32"`, `["1"]`, `[0,4]`), "1234"), "want a whole number"},
		"shape null":          {raw(one(`"F32"`, `null`, `[0,4]`), "1234"), "want '['"},
		"shape overflows":     {raw(one(`"F32"`, `[4294967296,4294967296]`, `[0,0]`), ""), "overflows"},
		"overflow to match":   {raw(one(`"F32"`, `[2305843009213693953,4]`, `[0,16]`), "1234567890123456"), "overflows"},
		"shape short of data": {raw(one(`"F32"`, `[1]`, `[0,8]`), "12345678"), "takes 4 bytes"},
		"one offset":          {raw(one(`"F32"`, `[1]`, `[0]`), "1234"), "want begin and end"},
		"three offsets":       {raw(one(`"F32"`, `[1]`, `[0,4,8]`), "1234"), "want begin and end"},
		"reversed offsets":    {raw(one(`"F32"`, `[1]`, `[4,0]`), "1234"), "do not lie within"},
		"offset past the end": {raw(one(`"F32"`, `[2]`, `[0,8]`), "1234"), "do not lie within"},
		"overlap":             {raw(pair(`[0,4]`, `[2,6]`), "123456"), "inside the tensor that ends at 4"},
		"same bytes":          {raw(pair(`[0,4]`, `[0,4]`), "1234"), "inside the tensor that ends at 4"},
		"hole":                {raw(pair(`[0,4]`, `[5,9]`), "123456789"), "leaving a hole after byte 4"},
		"hole at the start":   {raw(one(`"U8"`, `[1]`, `[1,2]`), "12"), "leaving a hole after byte 0"},
		"data without tensor": {raw(`{}`, "1"), "tensors end at byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"no tensors":        raw(`{}`, ""),
		"padding":           raw(`{}   `, ""),
		"unknown field":     raw(`{"a":{"dtype":"U8","extra":{"x":[1]},"shape":[2],"data_offsets":[0,2]}}`, "12"),
		"any header order":  raw(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, "1234"),
		"empty at a border": raw(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}`, "12"),
	} {
		if _, err := Parse(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := NewF32("a", []int{1}, []float32{1})
	for name, c := range map[string]struct {
		metadata map[string]string
		tensors  []Tensor
		want     string
	}{
		"twice":        {nil, []Tensor{one, one}, `"a": the name is used twice`},
		"reserved":     {map[string]string{"x": "y"}, []Tensor{NewU8("__metadata__", []int{0}, nil)}, "reserved"},
		"name":         {nil, []Tensor{NewU8("\xff", []int{0}, nil)}, "not valid UTF-8"},
		"metadata":     {map[string]string{"x": "\xff"}, nil, `metadata "x": not valid UTF-8`},
		"short data":   {nil, []Tensor{{Name: "a", DType: F32, Shape: []int{2}, Data: make([]byte, 4)}}, "takes 8 bytes, found 4"},
		"dtype":        {nil, []Tensor{{Name: "a", DType: "F31"}}, `unknown dtype "F31"`},
		"negative":     {nil, []Tensor{{Name: "a", DType: F32, Shape: []int{-1}}}, "negative size"},
		"giant header": {map[string]string{"x": strings.Repeat("y", MaxHeader)}, nil, "at most 100000000"},
	} {
		if err := Write(&bytes.Buffer{}, c.metadata, c.tensors); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestNewPanicsOnShape(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), `3 values for tensor "a" of shape [2 2]`) {
			t.Errorf("panic %v, want both shapes named", r)
		}
	}()
	NewF32("a", []int{2, 2}, make([]float32, 3))
}

func TestSaveOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	metadata, tensors := sample()
	for range 2 { // the second replaces the first
		if err := Save(path, metadata, tensors); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := f.Float32("w", 2, 3); err != nil || w[2] != 2.5 {
		t.Errorf("w = %v, %v", w, err)
	}
	// A failed save must leave the old file and nothing else.
	if err := Save(path, nil, []Tensor{{Name: "a", DType: "F31"}}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names the path", err)
	}
	if w, err := f.Float32("w", 2, 3); err != nil || w[2] != 2.5 {
		t.Errorf("after a failed save w = %v, %v", w, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if f.Has("w") {
		t.Error("a closed file still hands out tensors")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("directory holds %v, %v, want one file", files, err)
	}
}

func TestOpenNamesThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	for _, content := range []string{"", "short", "a longer text that is no checkpoint"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want one that names the path", content, err)
		}
	}
	if _, err := Open(path + ".gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want a missing file", err)
	}
}

// FuzzParse holds that any bytes give a file or an error, and that what was read
// writes back to an equal file.
func FuzzParse(f *testing.F) {
	metadata, tensors := sample()
	f.Add(encode(f, metadata, tensors))
	f.Add(archive(f, "bigendian.npz"))
	f.Add(archive(f, "compressed.npz"))
	f.Add(raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, "12"))
	f.Add(raw(`{"__metadata__":{"a":"b"}}`, ""))
	f.Add(raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			return
		}
		var all []Tensor
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if _, late := file.unread[name]; err != nil && late {
				continue // an array of an archive says what is wrong when it is read
			}
			if err != nil {
				t.Fatal(err)
			}
			if n, err := safetensors.Bytes(tensor.DType, tensor.Shape); err != nil || n != len(tensor.Data) {
				t.Fatalf("%q: %d bytes for %s %v", name, len(tensor.Data), tensor.DType, tensor.Shape)
			}
			_, _ = tensor.Float32()
			_, _ = tensor.Int64()
			all = append(all, tensor)
		}
		again, err := Parse(encode(t, file.Metadata, all))
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Names(); len(got) != len(all) {
			t.Fatalf("%d tensors are now %q", len(all), got)
		}
		for _, want := range all {
			if got, _ := again.Tensor(want.Name); !bytes.Equal(got.Data, want.Data) || !slices.Equal(got.Shape, want.Shape) {
				t.Fatalf("%q changed on the way", want.Name)
			}
		}
	})
}

func BenchmarkFloat32(b *testing.B) {
	x := make([]float32, 1<<20)
	for _, tensor := range []Tensor{NewF32("F32", []int{len(x)}, x), NewF16("F16", []int{len(x)}, x), NewBF16("BF16", []int{len(x)}, x)} {
		b.Run(tensor.Name, func(b *testing.B) {
			b.SetBytes(int64(len(tensor.Data)))
			for b.Loop() {
				if _, err := tensor.Float32(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
