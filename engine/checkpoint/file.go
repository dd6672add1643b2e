package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// File is a parsed safetensors file, or an archive of NumPy's.
type File struct {
	// Metadata is the header's "__metadata__"; nil when it has none.
	Metadata map[string]string

	names   []string
	tensors map[string]Tensor
	unmap   func() error
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
	return f, nil
}

// Parse reads a file held in data, which the result keeps.
func Parse(data []byte) (*File, error) {
	if bytes.HasPrefix(data, zipMagic) {
		f, err := parseNPZ(data)
		if err != nil {
			return nil, fmt.Errorf("npz: %w", err)
		}
		return f, nil
	}
	if len(data) < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes, too short for a header length", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > MaxHeader {
		return nil, fmt.Errorf("safetensors: header of %d bytes, at most %d are allowed", n, MaxHeader)
	}
	body := data[8:]
	if n > uint64(len(body)) {
		return nil, fmt.Errorf("safetensors: header of %d bytes in a file of %d", n, len(data))
	}
	metadata, entries, err := parseHeader(body[:n])
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	body = body[n:]
	if err := checkLayout(entries, len(body)); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f := &File{Metadata: metadata, tensors: make(map[string]Tensor, len(entries))}
	for _, e := range entries {
		f.names = append(f.names, e.name)
		f.tensors[e.name] = Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: body[e.begin:e.end:e.end]}
	}
	slices.Sort(f.names)
	return f, nil
}

// Close releases the file's memory: no Data of its tensors may be read after it.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.unmap, f.tensors, f.names = nil, nil, nil
	return unmap()
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Has reports whether the file holds a tensor of that name.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// Tensor is the tensor of that name.
func (f *File) Tensor(name string) (Tensor, error) {
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
