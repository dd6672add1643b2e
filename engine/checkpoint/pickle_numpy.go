package checkpoint

import (
	"errors"
	"fmt"
	"strconv"

	"kvscope/engine/checkpoint/safetensors"
)

// unpickle reads what NumPy writes of an array of objects that are arrays of numbers,
// such as arrays of different shapes make: a program for Python's pickle machine, of
// which it knows the few instructions and the few calls that such an array takes.
// Nothing is run, and whatever else a pickle holds is refused.
func unpickle(name string, program []byte) ([]Tensor, error) {
	m := pickle{program: program}
	top, err := m.run()
	if err != nil {
		return nil, errObjects(err)
	}
	all, ok := top.(*ndarray)
	if !ok || all.items == nil || len(all.items.items) == 0 {
		return nil, errObjects(errors.New("no array of arrays"))
	}
	if len(all.items.items) == 1 && all.items.items[0] == nil {
		return nil, ErrNone
	}
	var out []Tensor
	size := 0
	for i, item := range all.items.items {
		a, ok := item.(*ndarray)
		if !ok {
			return nil, errObjects(fmt.Errorf("element %d is no array", i))
		}
		t, err := a.tensor(name + "[" + strconv.Itoa(i) + "]")
		if err != nil {
			return nil, errObjects(fmt.Errorf("element %d: %w", i, err))
		}
		// One array may stand in many places; memory for each must not grow beyond the file.
		if size += len(t.Data); size > len(program) {
			return nil, errObjects(errors.New("elements that are larger than the file"))
		}
		out = append(out, t)
	}
	return out, nil
}

// ErrNone is why an array of NumPy's that holds nothing but Python's None has no tensors.
var ErrNone = errors.New("holds None")

// errObjects says that objects are not read, and why the exception does not hold.
func errObjects(why error) error {
	return fmt.Errorf("holds Python objects, which only Python can read (%w): save numbers or strings, numpy.array(x, dtype=float) or dtype=str", why)
}

// What a pickle of NumPy's has on the stack beyond the machine's own values.
type (
	dtype struct{ name, order string }
	// ndarray is an array of NumPy, whole once it was built.
	ndarray struct {
		dtype *dtype
		shape []int
		data  []byte
		items *list // of an array of objects
	}
)

func (a *ndarray) tensor(name string) (Tensor, error) {
	if a.dtype == nil || a.data == nil {
		return Tensor{}, errors.New("not an array of numbers")
	}
	d, known := numpyTypes[a.dtype.name]
	if !known || a.dtype.order == ">" {
		return Tensor{}, fmt.Errorf("type %q, want little-endian numbers", a.dtype.order+a.dtype.name)
	}
	n, err := safetensors.Bytes(d, a.shape)
	if err != nil {
		return Tensor{}, err
	}
	if n != len(a.data) {
		return Tensor{}, fmt.Errorf("%d bytes for shape %v of %s", len(a.data), a.shape, d)
	}
	return Tensor{Name: name, DType: d, Shape: a.shape, Data: a.data}, nil
}

func (a *ndarray) build(s tuple) bool {
	if len(s) != 5 || s[3] != false {
		return false
	}
	shape, ok := s[1].(tuple)
	for _, n := range shape {
		size, isInt := n.(int)
		ok = ok && isInt
		a.shape = append(a.shape, size)
	}
	var hasType, hasData bool
	a.dtype, hasType = s[2].(*dtype)
	switch elements := s[4].(type) {
	case []byte:
		a.data, hasData = elements, true
	case *list:
		a.items, hasData = elements, true
	}
	return ok && hasType && hasData
}
