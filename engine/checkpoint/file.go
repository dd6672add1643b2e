package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"kvscope/engine/checkpoint/safetensors"
)

// File is a parsed safetensors file, or an archive of NumPy's.
type File struct {
	// Metadata is the header's "__metadata__"; nil when it has none.
	Metadata map[string]string

	// Values are the key-value pairs of a GGUF file: int64, float64, bool, string, or
	// slices of them.
	Values map[string]any

	// Kind is the format of the file; of several files that of the first.
	Kind Kind

	files   []string // name, size and time of those that f was opened from
	shards  int      // files of which the index of f is, 0 where there is no index
	names   []string
	tensors map[string]Tensor // without Data where unread has it
	unmap   func() error

	// unread are the arrays of an archive, read when they are asked for, then kept. One
	// of objects is several tensors, or an error where it is none at all.
	unread map[string]func() ([]Tensor, error)
	parts  map[string]part // of those that need not be read whole
}

// Open reads the file at path, mapping it into memory where the system can. The
// file must not change in place while it is open; replacing it, as Save does, is
// fine.
func Open(path string) (*File, error) {
	data, unmap, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	f, err := Parse(data)
	if err != nil {
		_ = unmap()
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	f.unmap = unmap
	if info, err := os.Stat(path); err == nil {
		f.Stamp(info.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return f, nil
}

// Stamp gives f an identity by the name of the file that it was read from, its size in bytes
// and the time of its last change, in nanoseconds since 1970.
func (f *File) Stamp(name string, size, changed int64) {
	f.files = []string{fmt.Sprintf("%s %d %d", name, size, changed)}
}

// Identity tells f from other files without reading its data: by name, size, time of
// change, and what its header says. It is empty for a file that was neither opened from a
// path nor stamped.
func (f *File) Identity() string {
	if len(f.files) == 0 {
		return ""
	}
	sum := sha256.New()
	fmt.Fprintln(sum, f.files, f.Metadata, f.Values)
	for _, name := range f.names {
		t := f.tensors[name]
		fmt.Fprintln(sum, name, t.DType, t.Shape)
	}
	return "file-" + hex.EncodeToString(sum.Sum(nil)[:8])
}

// Form names the format of f and the number of its files, for people: "a safetensors file",
// "8 safetensors files".
func (f *File) Form() string {
	if f.shards > 1 {
		return fmt.Sprintf("%d safetensors files", f.shards)
	}
	return string(f.Kind)
}

// Parse reads a file held in data, which the result keeps.
func Parse(data []byte) (*File, error) {
	switch kind := KindOf(data); kind {
	case KindSafetensors, KindUnknown: // what is broken is said of it as safetensors
	case KindNPZ:
		f, err := parseNPZ(data)
		if err != nil {
			return nil, fmt.Errorf("npz: %w", err)
		}
		return f, nil
	case KindTorch:
		f, err := parseTorch(data)
		if err != nil {
			return nil, fmt.Errorf("torch: %w", err)
		}
		return f, nil
	case KindGGUF:
		f, err := parseGGUF(data)
		if err != nil {
			return nil, fmt.Errorf("gguf: %w", err)
		}
		return f, nil
	default:
		return nil, unlike(kind)
	}
	metadata, entries, body, err := safetensors.Parse(data)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the format
	}
	f := ofSafetensors(metadata, entries)
	for _, e := range entries {
		f.tensors[e.Name] = Tensor{Name: e.Name, DType: e.DType, Shape: e.Shape, Data: body[e.Begin:e.End:e.End]}
	}
	return f, nil
}

// ofSafetensors is a file whose tensors have no Data yet.
func ofSafetensors(metadata map[string]string, entries []safetensors.Entry) *File {
	f := &File{Kind: KindSafetensors, Metadata: metadata, tensors: make(map[string]Tensor, len(entries))}
	for _, e := range entries {
		f.names = append(f.names, e.Name)
		f.tensors[e.Name] = Tensor{Name: e.Name, DType: e.DType, Shape: e.Shape}
	}
	slices.Sort(f.names)
	return f
}

// Close releases the file's memory: no Data of its tensors may be read after it.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.unmap, f.tensors, f.unread, f.parts, f.names = nil, nil, nil, nil, nil
	return unmap()
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Has reports whether the file holds a tensor of that name, be it one that cannot be
// read.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	_, unread := f.unread[name]
	return ok || unread
}

// Parts are the tensors of that name: one, or those that NumPy saved as an array of
// arrays of different shapes.
func (f *File) Parts(name string) ([]Tensor, error) {
	if read, ok := f.unread[name]; ok {
		return read()
	}
	t, err := f.Tensor(name)
	return []Tensor{t}, err
}

// Ranked reports whether the file holds numbers of that name with at least from and at
// most to axes.
func (f *File) Ranked(name string, from, to int) bool {
	t, ok := f.tensors[name]
	return ok && len(t.Shape) >= from && len(t.Shape) <= to
}

// Shape is the type and shape of numbers of that name, of which nothing is unpacked; not
// ok where the file has none.
func (f *File) Shape(name string) (dtype DType, shape []int, ok bool) {
	t, ok := f.tensors[name]
	return t.DType, t.Shape, ok
}

// Contents lists the tensors with types and shapes, and the texts, in one line.
func (f *File) Contents() string {
	var out []string
	for _, name := range f.names {
		t, known := f.tensors[name]
		if !known {
			out = append(out, name+" (not numbers)")
			continue
		}
		out = append(out, fmt.Sprintf("%s %s %v", name, t.DType, t.Shape))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Metadata)) {
		out = append(out, name+" (text)")
	}
	switch n := len(out); {
	case n == 0:
		return "nothing"
	case n > mostListed:
		out = append(out[:mostListed], fmt.Sprintf("%d more", n-mostListed))
	}
	return strings.Join(out, ", ")
}

// mostListed is how many tensors a message lists.
const mostListed = 8

// Tensor is the tensor of that name.
func (f *File) Tensor(name string) (Tensor, error) {
	if read, ok := f.unread[name]; ok {
		parts, err := read()
		if err != nil {
			return Tensor{}, err
		}
		if len(parts) != 1 {
			return Tensor{}, fmt.Errorf("array %q: %d arrays of different shapes, want one", name, len(parts))
		}
		return parts[0], nil
	}
	t, ok := f.tensors[name]
	if !ok {
		return Tensor{}, fmt.Errorf("tensor %q is missing", name)
	}
	return t, nil
}

// Float32 is a copy of the elements of a floating-point tensor, which must have
// the given shape; with no shape given, any will do.
func (f *File) Float32(name string, shape ...int) ([]float32, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	if len(shape) > 0 && !slices.Equal(shape, t.Shape) {
		return nil, fmt.Errorf("tensor %q has shape %v, want %v", name, t.Shape, shape)
	}
	return t.Float32()
}
