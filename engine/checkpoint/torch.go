package checkpoint

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kvscope/engine/checkpoint/safetensors"
)

// maxTorchProgram is the longest data.pkl that is read, in bytes: it names tensors and
// holds none.
const maxTorchProgram = 64 << 20

// parseTorch reads a file of torch.save: an archive whose data.pkl is a pickle of tensors
// in dictionaries, and whose data/N are their elements, which stay where they lie. A
// tensor is named by the keys that lead to it, with dots between them; numbers and texts
// under the keys beside them become Metadata.
func parseTorch(data []byte) (*File, error) {
	if !bytes.HasPrefix(data, zipMagic) {
		return nil, unlike(KindTorch) // of PyTorch before 1.6
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: was the download or a copy cut off?", err)
	}
	a := torchArchive{data: data, files: map[string]*zip.File{}}
	for _, entry := range archive.File {
		if name, ok := strings.CutSuffix(entry.Name, "data.pkl"); ok && (name == "" || strings.Count(name, "/") == 1) {
			a.folder = name
		}
		a.files[entry.Name] = entry
	}
	if order, err := a.bytes("byteorder", 16); err == nil && string(order) != "little" {
		return nil, fmt.Errorf("byteorder: %q, want little", order)
	}
	program, err := a.bytes("data.pkl", maxTorchProgram)
	if err != nil {
		return nil, err
	}
	return a.tensors(program)
}

// tensors is what a data.pkl says that the archive holds.
func (a *torchArchive) tensors(program []byte) (*File, error) {
	m := pickle{program: program, torch: true}
	top, err := m.run()
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w: only tensors, numbers and texts in dictionaries are read, and nothing is run", err)
	}
	f := &File{Kind: KindTorch, Metadata: map[string]string{}, tensors: map[string]Tensor{}}
	if err := a.flatten(f, "", top, 0); err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	slices.Sort(f.names)
	return f, nil
}

// torchArchive finds the files of an archive.
type torchArchive struct {
	data   []byte
	folder string // with its slash
	files  map[string]*zip.File
	seen   int // entries of dictionaries
}

// bytes is a file of at most most bytes.
func (a *torchArchive) bytes(name string, most uint64) ([]byte, error) {
	entry := a.files[a.folder+name]
	if entry == nil {
		return nil, fmt.Errorf("no %s in the archive", name)
	}
	if entry.UncompressedSize64 > most {
		return nil, fmt.Errorf("%s unpacks to %d bytes, want at most %d", name, entry.UncompressedSize64, most)
	}
	if entry.Method == zip.Store {
		return a.stored(entry)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, int64(most)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// stored is a view of a file that is not compressed, as torch.save writes them.
func (a *torchArchive) stored(entry *zip.File) ([]byte, error) {
	at, err := entry.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Name, err)
	}
	size := entry.UncompressedSize64
	if entry.Method != zip.Store || entry.CompressedSize64 != size {
		return nil, fmt.Errorf("%s is compressed, want it stored, as torch.save does", entry.Name)
	}
	if at < 0 || uint64(at) > uint64(len(a.data)) || size > uint64(len(a.data))-uint64(at) {
		return nil, fmt.Errorf("%s: %d bytes from %d on in a file of %d", entry.Name, size, at, len(a.data))
	}
	return a.data[at:][:size:size], nil
}

// Bounds of what dictionaries hold: how deep they may lie in each other, and how many
// entries there may be, one dictionary standing in many places.
const maxTorchDepth, maxTorchEntries = 16, 1 << 20

// flatten adds what v, under the keys so far, holds to f.
func (a *torchArchive) flatten(f *File, key string, v any, depth int) error {
	a.seen++
	if depth > maxTorchDepth || a.seen > maxTorchEntries {
		return fmt.Errorf("%.40q: dictionaries deeper than %d, or more than %d entries", key, maxTorchDepth, maxTorchEntries)
	}
	switch x := v.(type) {
	case *dict:
		for i, k := range x.keys {
			name, ok := k.(string)
			if !ok {
				name = fmt.Sprint(k)
			}
			if key != "" {
				name = key + "." + name
			}
			if err := a.flatten(f, name, x.values[i], depth+1); err != nil {
				return err
			}
		}
	case *torchTensor:
		t, err := a.tensor(key, x)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		if _, twice := f.tensors[key]; twice {
			return fmt.Errorf("tensor %q comes twice", key)
		}
		f.names, f.tensors[key] = append(f.names, key), t
	case string, int, bool, float64:
		f.Metadata[key] = fmt.Sprint(x)
	}
	// Lists and what is None are of no use here.
	return nil
}

// torchTypes are the types of storages.
var torchTypes = map[string]DType{
	"FloatStorage": F32, "DoubleStorage": F64, "HalfStorage": F16, "BFloat16Storage": BF16, "LongStorage": I64,
	"IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
}

// tensor is x where it lies in the archive.
func (a *torchArchive) tensor(name string, x *torchTensor) (Tensor, error) {
	d, known := torchTypes[x.storage.kind]
	if !known {
		return Tensor{}, fmt.Errorf("a %s, want floats or whole numbers", x.storage.kind)
	}
	size, err := safetensors.Bytes(d, x.shape)
	if err != nil {
		return Tensor{}, err
	}
	step := 1
	for i := len(x.shape) - 1; i >= 0; i-- {
		if x.shape[i] != 1 && x.strides[i] != step {
			return Tensor{}, errors.New("its elements do not lie in order: save it as tensor.contiguous()")
		}
		step *= x.shape[i]
	}
	entry := a.files[a.folder+"data/"+x.storage.key]
	if entry == nil {
		return Tensor{}, fmt.Errorf("no data/%s in the archive", x.storage.key)
	}
	data, err := a.stored(entry)
	if err != nil {
		return Tensor{}, err
	}
	if x.offset < 0 || x.offset > len(data)/d.Size() || size > len(data)-x.offset*d.Size() {
		return Tensor{}, fmt.Errorf("%s %v from element %d on in %d bytes", d, x.shape, x.offset, len(data))
	}
	at := x.offset * d.Size()
	return Tensor{Name: name, DType: d, Shape: x.shape, Data: data[at:][:size:size]}, nil
}
