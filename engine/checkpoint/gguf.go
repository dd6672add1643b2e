package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/ops/quant"
)

// ggufTypes are the element types of GGUF files (ggml.h, enum ggml_type). Those with no
// dtype here are named but not read.
var ggufTypes = map[uint32]struct {
	name string
	read bool
}{
	0: {"F32", true}, 1: {"F16", true}, 2: {"Q4_0", true}, 3: {"Q4_1", true}, 6: {"Q5_0", true}, 7: {"Q5_1", true},
	8: {"Q8_0", true}, 9: {"Q8_1", false}, 10: {"Q2_K", true}, 11: {"Q3_K", true}, 12: {"Q4_K", true}, 13: {"Q5_K", true},
	14: {"Q6_K", true}, 15: {"Q8_K", false}, 16: {"IQ2_XXS", false}, 17: {"IQ2_XS", false}, 18: {"IQ3_XXS", false},
	19: {"IQ1_S", false}, 20: {"IQ4_NL", true}, 21: {"IQ3_S", false}, 22: {"IQ2_S", false}, 23: {"IQ4_XS", true},
	24: {"I8", true}, 25: {"I16", true}, 26: {"I32", true}, 27: {"I64", true}, 28: {"F64", true}, 29: {"IQ1_M", false},
	30: {"BF16", true}, 34: {"TQ1_0", false}, 35: {"TQ2_0", false}, 39: {"MXFP4", false},
}

// Bounds of what a GGUF file may hold.
const (
	maxGGUFName = 1 << 16 // bytes of a tensor's name or a key
	maxGGUFAxes = 4
	minGGUFInfo = 24 // bytes that the description of a tensor takes at least
)

// parseGGUF reads a GGUF file of version 2 or 3: its tensors, in row-major shapes, and
// its key-value pairs as Values.
//
//	"GGUF", version u32, number of tensors u64, number of pairs u64
//	pairs:   key, type u32, value; strings and arrays begin with their length, u64
//	tensors: name, number of axes u32, axes u64 with the fastest first, type u32, offset u64
//	data from the next multiple of general.alignment, where offsets count from
func parseGGUF(data []byte) (*File, error) {
	r := ggufReader{data: data, at: 4}
	version := r.u32()
	if v := version; v>>16 != 0 && v&0xffff == 0 {
		return nil, errors.New("big-endian, want a little-endian file")
	}
	if r.err == nil && version != 2 && version != 3 {
		return nil, fmt.Errorf("version %d, want 2 or 3", version)
	}
	tensors, pairs := r.u64(), r.u64()
	f := &File{Kind: KindGGUF, Values: map[string]any{}, tensors: map[string]Tensor{}}
	for i := uint64(0); i < pairs && r.err == nil; i++ {
		key := r.text(maxGGUFName)
		if _, twice := f.Values[key]; twice {
			r.fail("key %q comes twice", key)
		}
		f.Values[key] = r.value(r.u32())
		if r.err != nil {
			return nil, fmt.Errorf("pair %d, %q: %w", i, key, r.err)
		}
	}
	if r.err == nil && tensors > uint64(len(data)/minGGUFInfo) {
		return nil, fmt.Errorf("%d tensors in a file of %d bytes", tensors, len(data))
	}
	var offsets []uint64
	for i := uint64(0); i < tensors && r.err == nil; i++ {
		t, offset := r.tensor()
		if r.err != nil {
			return nil, fmt.Errorf("tensor %d, %q: %w", i, t.Name, r.err)
		}
		if _, twice := f.tensors[t.Name]; twice {
			return nil, fmt.Errorf("tensor %q comes twice", t.Name)
		}
		f.tensors[t.Name], f.names, offsets = t, append(f.names, t.Name), append(offsets, offset)
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := f.placeGGUF(data, r.at, offsets); err != nil {
		return nil, err
	}
	slices.Sort(f.names)
	return f, nil
}

// placeGGUF gives the tensors, in the order of f.names, their data.
func (f *File) placeGGUF(data []byte, headerEnd int, offsets []uint64) error {
	alignment := int64(32)
	if v, ok := f.Values["general.alignment"]; ok {
		n, isInt := v.(int64)
		if !isInt || n < 1 || n > 1<<20 || n&(n-1) != 0 {
			return fmt.Errorf("general.alignment: %v, want a power of two up to 1048576", v)
		}
		alignment = n
	}
	start := (headerEnd + int(alignment) - 1) &^ (int(alignment) - 1)
	for i, name := range f.names {
		t := f.tensors[name]
		size, err := ggufSize(t)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		room := len(data) - start
		switch at := offsets[i]; {
		case at%uint64(alignment) != 0:
			return fmt.Errorf("tensor %q: offset %d, want a multiple of %d", name, at, alignment)
		case room < 0 || at > uint64(room) || size > room-int(at):
			return fmt.Errorf("tensor %q: %d bytes from %d on in %d bytes of data: the file is cut off", name, size, at, max(room, 0))
		default:
			t.Data = data[start+int(at):][:size:size]
		}
		f.tensors[name] = t
	}
	return nil
}

// ggufSize is the number of bytes of t.
func ggufSize(t Tensor) (int, error) {
	block := quant.ByName(string(t.DType))
	if t.DType.Size() > 0 || block == nil {
		return safetensors.Bytes(t.DType, t.Shape)
	}
	n, err := safetensors.Bytes(U8, t.Shape)
	if err != nil {
		return 0, err
	}
	if row := t.Shape[len(t.Shape)-1]; row%block.Len != 0 {
		return 0, fmt.Errorf("rows of %d are no whole blocks of %s, which hold %d", row, block.Name, block.Len)
	}
	return block.Size(n), nil
}

// ggufReader reads the header. After an error it reads zeros.
type ggufReader struct {
	data []byte
	at   int
	err  error
}

func (r *ggufReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// take is the next n bytes.
func (r *ggufReader) take(n uint64) []byte {
	if rest := len(r.data) - r.at; r.err == nil && n > uint64(rest) {
		r.fail("%d bytes wanted, %d are left: the file is cut off", n, rest)
	}
	if r.err != nil {
		return nil
	}
	out := r.data[r.at:][:n]
	r.at += int(n)
	return out
}

func (r *ggufReader) number(size uint64) uint64 {
	var wide [8]byte
	copy(wide[:], r.take(size))
	return binary.LittleEndian.Uint64(wide[:])
}

func (r *ggufReader) u32() uint32 { return uint32(r.number(4)) }
func (r *ggufReader) u64() uint64 { return r.number(8) }

// text is a string of at most most bytes.
func (r *ggufReader) text(most uint64) string {
	n := r.u64()
	if n > most {
		r.fail("a string of %d bytes, want at most %d", n, most)
	}
	return string(r.take(n))
}

// tensor reads a description. The shape is row-major: the axes turned around.
func (r *ggufReader) tensor() (t Tensor, offset uint64) {
	t.Name = r.text(maxGGUFName)
	axes := r.u32()
	if axes < 1 || axes > maxGGUFAxes {
		r.fail("%d axes, want 1 to %d", axes, maxGGUFAxes)
		return t, 0
	}
	t.Shape = make([]int, axes)
	for i := range t.Shape {
		n := r.u64()
		if n > math.MaxInt32 {
			r.fail("an axis of %d", n)
		}
		t.Shape[len(t.Shape)-1-i] = int(n)
	}
	number := r.u32()
	if kind := ggufTypes[number]; r.err == nil && !kind.read {
		r.fail("type %d %s, want one of %s", number, kind.name, strings.Join(readTypes(), ", "))
	}
	t.DType = DType(ggufTypes[number].name)
	return t, r.u64()
}

// readTypes are the types of weights that are read.
func readTypes() []string { return append([]string{"F32"}, quant.Names()...) }

// ggufScalars are the sizes of the types of values, by their numbers; 8 is a string and 9
// an array.
var ggufScalars = [...]uint64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

const ggufString, ggufArray = 8, 9

// value reads a value: int64, float64, bool, string, or a slice of one of them.
func (r *ggufReader) value(kind uint32) any {
	switch {
	case kind == ggufString:
		return r.text(uint64(len(r.data)))
	case kind == ggufArray:
		return r.array()
	case kind < uint32(len(ggufScalars)):
		return r.scalar(kind)
	}
	r.fail("a value of type %d, want 0 to %d", kind, len(ggufScalars)-1)
	return nil
}

// scalar reads a number or a truth value.
func (r *ggufReader) scalar(kind uint32) any {
	size := ggufScalars[kind]
	v := r.number(size)
	switch kind {
	case 6:
		return float64(math.Float32frombits(uint32(v)))
	case 12:
		return math.Float64frombits(v)
	case 7:
		return v != 0
	case 1, 3, 5, 11: // signed
		shift := 64 - 8*size
		return int64(v<<shift) >> shift
	}
	if v > math.MaxInt64 {
		r.fail("%d, want at most %d", v, int64(math.MaxInt64))
	}
	return int64(v)
}

// array reads as many values as its length says, all of one type.
func (r *ggufReader) array() any {
	kind, n := r.u32(), r.u64()
	size := uint64(8) // of the length of a string
	switch {
	case kind == ggufArray || kind > uint32(len(ggufScalars)-1):
		r.fail("an array of type %d, want numbers, truth values or strings", kind)
	case kind != ggufString:
		size = ggufScalars[kind]
	}
	if rest := uint64(len(r.data) - r.at); r.err == nil && n > rest/size {
		r.fail("an array of %d values, where %d bytes are left: the file is cut off", n, rest)
	}
	if r.err != nil {
		return nil
	}
	switch kind {
	case ggufString:
		return collect[string](r, kind, n)
	case 6, 12:
		return collect[float64](r, kind, n)
	case 7:
		return collect[bool](r, kind, n)
	}
	return collect[int64](r, kind, n)
}

// collect reads n values of a type that T stands for.
func collect[T any](r *ggufReader, kind uint32, n uint64) []T {
	out := make([]T, 0, n)
	for range n {
		v, ok := r.value(kind).(T)
		if r.err != nil || !ok {
			return nil
		}
		out = append(out, v)
	}
	return out
}
