package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"sync"

	"kvscope/engine/checkpoint/safetensors"
)

// part reads n bytes of the elements of a tensor, from byte at on.
type part func(at, n int64) ([]byte, error)

// Range is n elements of the tensor of that name from element at on, in row-major order, as
// a tensor [n]. Of files that ParseAt reads, and of arrays in an archive, only what is
// needed is loaded: nothing of a stored array but these elements, and of a packed one what
// stands before them is unpacked and dropped. The sum over an archive's array is checked
// where all of it is read.
func (f *File) Range(name string, at, n int) (Tensor, error) {
	t := f.tensors[name]
	if read, ok := f.parts[name]; ok {
		size := int64(t.DType.Size())
		data, err := read(int64(at)*size, int64(n)*size)
		return Tensor{Name: name, DType: t.DType, Shape: []int{n}, Data: data}, err
	}
	t, err := f.Tensor(name)
	if err != nil {
		return Tensor{}, err
	}
	return t.Range(at, n), nil
}

// Range is n elements of t from element at on, as a tensor [n] in the same memory. t is not
// in blocks.
func (t Tensor) Range(at, n int) Tensor {
	size := t.DType.Size()
	t.Data, t.Shape = t.Data[at*size:(at+n)*size:(at+n)*size], []int{n}
	return t
}

// ParseAt reads a file of size bytes, any part of which r has, without loading it: what a
// safetensors file or an archive of arrays holds is read when it is asked for, in part by
// Range. Files of other kinds are loaded, if memory is sure to bear them. r is kept.
func ParseAt(r io.ReaderAt, size int64) (*File, error) {
	head, err := readAt(r, 0, min(size, 4096))
	if err != nil {
		return nil, err
	}
	kind := KindOf(head)
	switch kind {
	case KindSafetensors, KindUnknown: // what is broken is said of it as safetensors
		return parseSafetensorsAt(r, size)
	case KindNPZ:
		archive, err := zip.NewReader(r, size)
		if err != nil {
			return nil, fmt.Errorf("npz: %w", err)
		}
		f, err := readNPZ(archive, size)
		if err != nil {
			return nil, fmt.Errorf("npz: %w", err)
		}
		return f, nil
	}
	if kind != KindTorch && kind != KindGGUF && kind != KindZip && kind != KindEmpty {
		return nil, unlike(kind)
	}
	if size > largest() {
		return nil, fmt.Errorf("%s of %d bytes, at most %d are read here of what is neither safetensors nor npz", kind, size, largest())
	}
	file, err := readAt(r, 0, size)
	if err != nil {
		return nil, err
	}
	return Parse(file)
}

// parseSafetensorsAt reads the header alone.
func parseSafetensorsAt(r io.ReaderAt, size int64) (*File, error) {
	first, err := readAt(r, 0, 8)
	if err != nil {
		return nil, err
	}
	n, err := safetensors.HeaderSize(first, size)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the format
	}
	header, err := readAt(r, 8, n)
	if err != nil {
		return nil, err
	}
	metadata, entries, err := safetensors.ParseHeader(header, size-8-n)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the format
	}
	f := ofSafetensors(metadata, entries)
	f.unread, f.parts = map[string]func() ([]Tensor, error){}, map[string]part{}
	for _, e := range entries {
		from, length := 8+n+int64(e.Begin), int64(e.End-e.Begin)
		f.parts[e.Name] = func(at, n int64) ([]byte, error) { return readAt(r, from+at, n) }
		f.unread[e.Name] = func() ([]Tensor, error) {
			if length > largest() {
				return nil, fmt.Errorf("tensor %q has %d bytes, at most %d are loaded at once here", e.Name, length, largest())
			}
			data, err := readAt(r, from, length)
			return []Tensor{{Name: e.Name, DType: e.DType, Shape: e.Shape, Data: data}}, err
		}
	}
	return f, nil
}

// readAt is n bytes of r from at on.
func readAt(r io.ReaderAt, at, n int64) ([]byte, error) {
	out := make([]byte, n)
	if got, err := r.ReadAt(out, at); int64(got) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %d bytes at %d: %w", n, at, err)
	}
	return out, nil
}

// unpacked reads parts of a packed array. It goes on from where it stands where that is
// before what is asked for, as it is when heads are read in their order, and begins again
// otherwise.
type unpacked struct {
	entry  *zip.File
	header int64 // bytes before the elements

	mu sync.Mutex
	r  io.ReadCloser // nil before the first part and after an error
	at int64         // byte of the elements that r stands at
}

func (u *unpacked) part(at, n int64) ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.r == nil || u.at > at {
		if err := u.begin(); err != nil {
			return nil, err
		}
	}
	if _, err := io.CopyN(io.Discard, u.r, at-u.at); err != nil {
		return nil, u.fail(err)
	}
	out := make([]byte, n)
	if _, err := io.ReadFull(u.r, out); err != nil {
		return nil, u.fail(err)
	}
	u.at = at + n
	return out, nil
}

func (u *unpacked) begin() error {
	u.end()
	r, err := u.entry.Open()
	if err != nil {
		return err
	}
	u.r, u.at = r, -u.header
	return nil
}

// end lets the stream go.
func (u *unpacked) end() {
	if u.r != nil {
		_ = u.r.Close() // what it has to say was said by reading
		u.r = nil
	}
}

// fail lets the stream go, and says what of the entry could not be read.
func (u *unpacked) fail(err error) error {
	u.end()
	return fmt.Errorf("array in %q: unpack: %w", u.entry.Name, err)
}

// mostWhole is how many bytes an array of an archive may have to be unpacked in one go and
// kept, so that its heads are at hand in any order.
const mostWhole = 4 << 20

// parted is how parts of an array are read, nil where all of it must be.
func (z *npz) parted(entry *zip.File, a *array) (part, error) {
	if a.size <= mostWhole || a.fortran && len(a.shape) > 1 {
		return nil, nil
	}
	if whole := uint64(a.header) + uint64(a.size); entry.UncompressedSize64 != whole {
		return nil, fmt.Errorf("%d bytes for shape %v of %d bytes an element", entry.UncompressedSize64-min(entry.UncompressedSize64, uint64(a.header)), a.shape, a.width)
	}
	if err := z.plausible(entry); err != nil {
		return nil, err
	}
	if entry.Method != zip.Store {
		return (&unpacked{entry: entry, header: int64(a.header)}).part, nil
	}
	raw, err := entry.OpenRaw()
	if err != nil {
		return nil, err
	}
	from, ok := raw.(io.ReaderAt)
	if !ok {
		return nil, errors.New("BUG: an entry of an archive that cannot be read in part")
	}
	return func(at, n int64) ([]byte, error) { return readAt(from, int64(a.header)+at, n) }, nil
}
