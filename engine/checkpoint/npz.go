package checkpoint

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"kvscope/engine/checkpoint/safetensors"
)

// zipMagic begins every archive. As a safetensors header's length it would be above
// MaxHeader, by the bytes that follow.
var zipMagic = []byte("PK\x03\x04")

// What the arrays of an archive that are asked for may take unpacked, in bytes. Maps
// compress well and bombs far better: smallArchive is always fine, above it the file may
// grow so many times, and never beyond what memory is sure to bear.
const (
	smallArchive   = 64 << 20
	growth         = 100
	largestNative  = 4 << 30
	largestBrowser = 1 << 30 // of the 4 GiB that WebAssembly has, for file, tensors and page
)

// maxDeflate is how many bytes one byte of a deflated stream stands for at most.
const maxDeflate = 1032

// npz is an archive of arrays.
type npz struct {
	size int64        // of the file
	left atomic.Int64 // bytes that may still be unpacked
}

func newNPZ(size int64) *npz {
	z := &npz{size: size}
	z.left.Store(min(max(smallArchive, growth*size), largest()))
	return z
}

// largest is how many bytes memory is sure to bear.
func largest() int64 {
	if runtime.GOARCH == "wasm" {
		return largestBrowser
	}
	return largestNative
}

// parseNPZ reads an archive that NumPy's savez or savez_compressed wrote: a zip of
// one .npy file an array. Numbers are tensors, unpacked when they are asked for, so that
// an array that nobody wants costs and spoils nothing. Text, for which there is no DType,
// is in Metadata under the array's name; see array.metadata.
func parseNPZ(data []byte) (*File, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return readNPZ(archive, int64(len(data)))
}

// readNPZ reads what an archive of so many bytes holds.
func readNPZ(archive *zip.Reader, size int64) (*File, error) {
	f := &File{Kind: KindNPZ, tensors: map[string]Tensor{}, unread: map[string]func() ([]Tensor, error){}, parts: map[string]part{}}
	z := newNPZ(size)
	for _, entry := range archive.File {
		name, isArray := strings.CutSuffix(entry.Name, ".npy")
		if !isArray || strings.HasPrefix(name, "__MACOSX/") { // macOS keeps notes beside each file
			continue
		}
		if name == safetensors.MetadataKey || !utf8.ValidString(name) {
			return nil, fmt.Errorf("array %q: no tensor may have that name", name)
		}
		if _, isText := f.Metadata[name]; isText || f.Has(name) {
			return nil, fmt.Errorf("array %q is there twice", name)
		}
		if err := z.add(f, name, entry); err != nil {
			f.unread[name] = func() ([]Tensor, error) { return nil, fmt.Errorf("array %q: %w", name, err) }
		}
	}
	f.names = slices.Sorted(maps.Keys(f.unread))
	return f, nil
}

// add makes an array of the archive known to f.
func (z *npz) add(f *File, name string, entry *zip.File) error {
	a, err := npyHeader(entry)
	if err != nil {
		return err
	}
	switch {
	case a.isText():
		data, err := z.elements(entry, a)
		if err != nil {
			return err
		}
		text, err := a.metadata(data)
		if err != nil {
			return err
		}
		if f.Metadata == nil {
			f.Metadata = map[string]string{}
		}
		f.Metadata[name] = text
	case a.isObjects():
		f.unread[name] = sync.OnceValues(func() ([]Tensor, error) {
			out, err := z.objects(name, entry)
			if err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
			return out, nil
		})
	default:
		read, err := z.parted(entry, a)
		if err != nil {
			return err
		}
		if read != nil {
			f.parts[name] = read
		}
		f.tensors[name] = Tensor{Name: name, DType: a.dtype(), Shape: a.shape}
		f.unread[name] = sync.OnceValues(func() ([]Tensor, error) {
			data, err := z.elements(entry, a)
			if err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
			return []Tensor{a.tensor(name, data)}, nil
		})
	}
	return nil
}

// npyHeader reads the .npy header that an entry of the archive begins with.
func npyHeader(entry *zip.File) (*array, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readNPYHeader(r)
}

// elements are the bytes of all elements of an entry, read in one go.
func (z *npz) elements(entry *zip.File, a *array) ([]byte, error) {
	data, err := z.behindHeader(entry)
	if err == nil && len(data) != a.size {
		err = fmt.Errorf("%d bytes for shape %v of %d bytes an element", len(data), a.shape, a.width)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// behindHeader is the content of an entry without its header.
func (z *npz) behindHeader(entry *zip.File) ([]byte, error) {
	content, err := z.unpack(entry)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(content)
	if _, err := readNPYHeader(r); err != nil {
		return nil, err
	}
	return content[len(content)-r.Len():], nil
}

// unpack is the content of an entry, allocated once and only where the archive may grow
// so much.
func (z *npz) unpack(entry *zip.File) ([]byte, error) {
	if err := z.plausible(entry); err != nil {
		return nil, err
	}
	n := entry.UncompressedSize64
	if left := z.left.Add(-int64(n)); left < 0 {
		z.left.Add(int64(n))
		return nil, fmt.Errorf("unpacks to %d bytes, %d are left of what an archive of %d bytes may take here: save fewer layers or queries, as float16, without compression", n, left+int64(n), z.size)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out := make([]byte, n)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, err
	}
	// The sum over the content is checked at its end, which must be here.
	if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("unpacks to something else than it says: %w", cmp.Or(err, zip.ErrFormat))
	}
	return out, nil
}

// plausible refuses sizes that cannot be.
func (z *npz) plausible(entry *zip.File) error {
	if n, packed := entry.UncompressedSize64, entry.CompressedSize64; packed > uint64(z.size) || n/maxDeflate > packed+1 {
		return fmt.Errorf("says it unpacks from %d to %d bytes, which it cannot", packed, n)
	}
	return nil
}

// objects are the arrays that an array of objects is made of.
func (z *npz) objects(name string, entry *zip.File) ([]Tensor, error) {
	data, err := z.behindHeader(entry)
	if err != nil {
		return nil, err
	}
	return unpickle(name, data)
}
