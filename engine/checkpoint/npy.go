package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/pattern"
)

// numpyTypes are the element types of arrays of numbers, by kind and width in bytes.
var numpyTypes = map[string]DType{
	"b1": Bool, "i1": I8, "i2": I16, "i4": I32, "i8": I64, "u1": U8, "u2": U16, "u4": U32, "u8": U64, "f2": F16, "f4": F32, "f8": F64,
}

// array describes an array by the header of its .npy file.
type array struct {
	kind    string // of NumPy: b, i, u, f numbers, U text as UTF-32, S text as bytes, O objects
	width   int    // bytes of an element; 0 of objects
	fortran bool   // the first index runs fastest
	shape   []int
	size    int // bytes of all elements; of objects not known
	header  int // bytes before the elements
}

const npyMagic = "\x93NUMPY"

// maxNPYHeader is the longest header of a .npy file that is read, in bytes. NumPy's own
// are of one line.
const maxNPYHeader = 1 << 20

// The three fields of a .npy header, the text of a Python dictionary.
var (
	npyDescr   = pattern.Of(`'descr':\s*'([<>|=])?([a-zA-Z])([0-9]*)'`)
	npyFortran = pattern.Of(`'fortran_order':\s*(True|False)`)
	npyShape   = pattern.Of(`'shape':\s*\(([0-9, ]*)\)`)
)

// readNPYHeader reads what stands before the elements of a .npy file, version 1 to 3:
//
//	6 bytes      "\x93NUMPY"
//	2 bytes      version, major and minor
//	2 or 4 bytes H, little-endian, 2 in version 1
//	H bytes      {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//	the rest     elements
func readNPYHeader(r io.Reader) (*array, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:10]); err != nil || string(head[:6]) != npyMagic {
		return nil, errors.New("not a .npy file")
	}
	size, begins := uint32(binary.LittleEndian.Uint16(head[8:])), 10
	switch version := head[6]; version {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			return nil, errors.New("not a .npy file")
		}
		size, begins = binary.LittleEndian.Uint32(head[8:]), 12
	default:
		return nil, fmt.Errorf("version %d of .npy, want 1 to 3", version)
	}
	if size > maxNPYHeader {
		return nil, fmt.Errorf("header of %d bytes, at most %d are read", size, maxNPYHeader)
	}
	var header bytes.Buffer
	if n, err := io.CopyN(&header, r, int64(size)); err != nil {
		return nil, fmt.Errorf("header of %d bytes, %d are there", size, n)
	}
	a, err := parseNPYHeader(header.String())
	if err != nil {
		return nil, err
	}
	a.header = begins + int(size)
	return a, nil
}

func parseNPYHeader(header string) (*array, error) {
	descr, fortran, shape := npyDescr().FindStringSubmatch(header), npyFortran().FindStringSubmatch(header), npyShape().FindStringSubmatch(header)
	if descr == nil || fortran == nil || shape == nil {
		return nil, fmt.Errorf("header %.200q, want one type, an order and a shape", strings.TrimSpace(header))
	}
	a := &array{kind: descr[2], fortran: fortran[1] == "True"}
	if err := a.setType(descr[1], descr[3]); err != nil {
		return nil, err
	}
	if err := a.setShape(shape[1]); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *array) isText() bool    { return a.kind == "U" || a.kind == "S" }
func (a *array) isObjects() bool { return a.kind == "O" }

// dtype is the type of the elements; "" of texts and objects.
func (a *array) dtype() DType { return numpyTypes[a.kind+strconv.Itoa(a.width)] }

// setType sets the width of an element, of which the header says count.
func (a *array) setType(order, count string) error {
	if a.isObjects() {
		return nil
	}
	n, err := strconv.Atoi(count)
	if a.isText() && (err != nil || n < 1 || n > 1<<20) {
		return fmt.Errorf("text of length %q, want 1 to %d", count, 1<<20)
	}
	a.width = n
	if a.kind == "U" {
		a.width = 4 * n
	}
	_, known := numpyTypes[a.kind+count]
	switch {
	case a.kind == "V" && n == 2:
		return errors.New(`type "V2", which is bfloat16 as NumPy saves it, without its name: save float32, or bfloat16 in safetensors`)
	case n == 1 && (a.kind == "V" || a.kind == "f"):
		return fmt.Errorf("type %q, which is float8 or another type of one byte that NumPy has no name for: save float32, times the scale that it is stored with", a.kind+count)
	case !known && !a.isText():
		return fmt.Errorf("type %q, want bool, an integer, float16, float32, float64 or text", a.kind+count)
	case order == ">" && a.width > 1 && a.kind != "S":
		return errors.New("elements are big-endian, want little-endian: save it with .astype(\"<f4\")")
	}
	return nil
}

// setShape sets the shape, written as numbers with commas, and the size.
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
	if a.isObjects() {
		return nil
	}
	var err error
	a.size, err = safetensors.Bytes(U8, append([]int{a.width}, a.shape...))
	return err
}

// tensor is the array of the given elements under a name.
func (a *array) tensor(name string, data []byte) Tensor {
	if a.fortran {
		data = rowMajor(data, a.shape, a.width)
	}
	return Tensor{Name: name, DType: a.dtype(), Shape: a.shape, Data: data}
}

// metadata is the text of all elements in one: a single text as it is, more as JSON
// lists, nested as the shape is.
func (a *array) metadata(data []byte) (string, error) {
	if a.fortran {
		data = rowMajor(data, a.shape, a.width)
	}
	text := a.text(data)
	if len(a.shape) == 0 {
		return text[0], nil
	}
	list, err := json.Marshal(nested(text, a.shape))
	return string(list), err
}

// nested is a list of texts as lists of lists, by a shape of at least one axis.
func nested(text []string, shape []int) any {
	if len(shape) == 1 || len(text) == 0 {
		return text
	}
	rows, n := make([]any, shape[0]), len(text)/shape[0]
	for i := range rows {
		rows[i] = nested(text[i*n:(i+1)*n], shape[1:])
	}
	return rows
}

// text is the elements as strings.
func (a *array) text(data []byte) []string {
	out := make([]string, len(data)/a.width)
	for i := range out {
		element := data[i*a.width:][:a.width]
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
