package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// zipMagic begins every archive. As a safetensors header's length it would be above
// MaxHeader, by the bytes that follow.
var zipMagic = []byte("PK\x03\x04")

// maxArchive is how many bytes an archive may unpack to.
const maxArchive = 4 << 30

// parseNPZ reads an archive that NumPy's savez or savez_compressed wrote: a zip of
// one .npy file an array. Numbers are tensors. Text, for which there is no DType, is
// in Metadata under the array's name: a single text as it is, more as a JSON list.
func parseNPZ(data []byte) (*File, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	f := &File{tensors: map[string]Tensor{}}
	left := uint64(maxArchive)
	for _, entry := range archive.File {
		name, isArray := strings.CutSuffix(entry.Name, ".npy")
		if !isArray {
			continue
		}
		if name == metadataKey || !utf8.ValidString(name) {
			return nil, fmt.Errorf("array %q: no tensor may have that name", name)
		}
		if _, isText := f.Metadata[name]; isText || f.Has(name) {
			return nil, fmt.Errorf("array %q is there twice", name)
		}
		if entry.UncompressedSize64 > left {
			return nil, fmt.Errorf("array %q: the archive unpacks to more than %d bytes", name, uint64(maxArchive))
		}
		left -= entry.UncompressedSize64
		content, err := unpack(entry)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		a, err := parseNPY(content)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		if a.isText() {
			if f.Metadata == nil {
				f.Metadata = map[string]string{}
			}
			if f.Metadata[name], err = a.metadata(); err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
			continue
		}
		f.names = append(f.names, name)
		f.tensors[name] = Tensor{Name: name, DType: numpyTypes[a.kind+strconv.Itoa(a.width)], Shape: a.shape, Data: a.data}
	}
	slices.Sort(f.names)
	return f, nil
}

// unpack is the content of an archive's entry, no more of it than the entry says.
func unpack(entry *zip.File) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, int64(entry.UncompressedSize64)+1))
}

// numpyTypes are the element types of arrays of numbers, by kind and width in bytes.
var numpyTypes = map[string]DType{
	"b1": Bool, "i1": I8, "i2": I16, "i4": I32, "i8": I64, "u1": U8, "u2": U16, "u4": U32, "u8": U64, "f2": F16, "f4": F32, "f8": F64,
}

// array is the content of a .npy file, row-major.
type array struct {
	kind  string // of NumPy: b, i, u, f numbers, U text as UTF-32, S text as bytes
	width int    // bytes of an element
	shape []int
	data  []byte
}

const npyMagic = "\x93NUMPY"

// The three fields of a .npy header, the text of a Python dictionary.
var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([<>|=])?([a-zA-Z])([0-9]*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

// parseNPY reads a .npy file, version 1 to 3:
//
//	6 bytes      "\x93NUMPY"
//	2 bytes      version, major and minor
//	2 or 4 bytes H, little-endian, 2 in version 1
//	H bytes      {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//	the rest     elements
func parseNPY(file []byte) (*array, error) {
	if len(file) < 12 || string(file[:6]) != npyMagic {
		return nil, errors.New("not a .npy file")
	}
	version, body := file[6], file[8:]
	var size uint32
	switch version {
	case 1:
		size, body = uint32(binary.LittleEndian.Uint16(body)), body[2:]
	case 2, 3:
		size, body = binary.LittleEndian.Uint32(body), body[4:]
	default:
		return nil, fmt.Errorf("version %d of .npy, want 1 to 3", version)
	}
	if uint64(size) > uint64(len(body)) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", size, len(file))
	}
	header := string(body[:size])
	descr, fortran, shape := npyDescr.FindStringSubmatch(header), npyFortran.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if descr == nil || fortran == nil || shape == nil {
		return nil, fmt.Errorf("header %q, want one type, an order and a shape", strings.TrimSpace(header))
	}
	a := &array{kind: descr[2], data: body[size:]}
	if err := a.setType(descr[1], descr[3]); err != nil {
		return nil, err
	}
	if err := a.setShape(shape[1]); err != nil {
		return nil, err
	}
	if fortran[1] == "True" {
		a.data = rowMajor(a.data, a.shape, a.width)
	}
	return a, nil
}

func (a *array) isText() bool { return a.kind == "U" || a.kind == "S" }

// setType sets the width of an element, of which the header says count.
func (a *array) setType(order, count string) error {
	n, err := strconv.Atoi(count)
	if a.isText() && (err != nil || n < 1 || n > 1<<20) {
		return fmt.Errorf("text of length %q, want 1 to %d", count, 1<<20)
	}
	a.width = n
	if a.kind == "U" {
		a.width = 4 * n
	}
	if _, known := numpyTypes[a.kind+count]; !known && !a.isText() {
		return fmt.Errorf("type %q, want bool, an integer, float16, float32, float64 or text", a.kind+count)
	}
	if order == ">" && a.width > 1 && a.kind != "S" {
		return errors.New("elements are big-endian, want little-endian")
	}
	return nil
}

// setShape sets the shape, written as numbers with commas, and checks that the
// elements fill it.
func (a *array) setShape(text string) error {
	a.shape = []int{}
	for size := range strings.SplitSeq(text, ",") {
		if size = strings.TrimSpace(size); size == "" {
			continue
		}
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("shape (%s): %w", text, err)
		}
		a.shape = append(a.shape, n)
	}
	n, err := bytesOf(U8, append([]int{a.width}, a.shape...))
	if err != nil {
		return err
	}
	if n != len(a.data) {
		return fmt.Errorf("%d bytes for shape %v of %d bytes an element", len(a.data), a.shape, a.width)
	}
	return nil
}

// metadata is the text of all elements in one.
func (a *array) metadata() (string, error) {
	text := a.text()
	if len(a.shape) == 0 {
		return text[0], nil
	}
	list, err := json.Marshal(text)
	return string(list), err
}

// text is the elements as strings.
func (a *array) text() []string {
	out := make([]string, len(a.data)/a.width)
	for i := range out {
		element := a.data[i*a.width:][:a.width]
		if a.kind == "S" {
			out[i] = strings.ToValidUTF8(string(bytes.TrimRight(element, "\x00")), "\uFFFD")
			continue
		}
		var b strings.Builder
		for at := 0; at < a.width; at += 4 {
			b.WriteRune(rune(binary.LittleEndian.Uint32(element[at:])))
		}
		out[i] = strings.TrimRight(b.String(), "\x00")
	}
	return out
}

// rowMajor reorders elements whose first index runs fastest so that the last does.
func rowMajor(data []byte, shape []int, width int) []byte {
	out := make([]byte, 0, len(data))
	strides, stride := make([]int, len(shape)), width
	for d, n := range shape {
		strides[d], stride = stride, stride*n
	}
	index, from := make([]int, len(shape)), 0
	for len(out) < len(data) {
		out = append(out, data[from:from+width]...)
		for d := len(shape) - 1; d >= 0; d-- {
			index[d]++
			from += strides[d]
			if index[d] < shape[d] {
				break
			}
			from -= index[d] * strides[d]
			index[d] = 0
		}
	}
	return out
}
