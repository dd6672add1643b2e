package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxHeader is the largest header the format allows, in bytes.
const MaxHeader = 100_000_000

// MetadataKey is the one name of the header that is not a tensor.
const MetadataKey = "__metadata__"

// Entry describes one tensor of the header; its values are the bytes [Begin, End) after the
// header.
type Entry struct {
	Name       string
	DType      DType
	Shape      []int
	Begin, End int
}

// parseHeader reads the JSON of a header. It goes token by token, since
// decoding into a struct would let duplicate and miscased keys pass.
func parseHeader(raw []byte) (metadata map[string]string, entries []Entry, err error) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, nil, errors.New("header does not begin with '{'")
	}
	if !utf8.Valid(raw) {
		return nil, nil, errors.New("header is not valid UTF-8")
	}
	d := decoder{json.NewDecoder(bytes.NewReader(raw))}
	d.UseNumber()
	err = d.object(func(key string) error {
		if key == MetadataKey {
			metadata, err = d.metadata()
			return err
		}
		e, err := d.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("header: text after the JSON object")
	}
	return metadata, entries, nil
}

// decoder reads the few JSON forms a header is made of.
type decoder struct{ *json.Decoder }

// object reads an object and calls value for each key, which must read the
// value. A key that comes twice is an error.
func (d decoder) object(value func(key string) error) error {
	if err := d.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("key %v, want a string", t)
		}
		if seen[key] {
			return fmt.Errorf("duplicate key %q", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return d.delim('}')
}

func (d decoder) metadata() (map[string]string, error) {
	m := map[string]string{}
	return m, d.object(func(key string) (err error) {
		m[key], err = d.str()
		return err
	})
}

// entry reads the description of one tensor. Keys the format does not name are
// skipped, as other readers do.
func (d decoder) entry(name string) (Entry, error) {
	e := Entry{Name: name}
	var dtype, shape, offsets bool
	err := d.object(func(key string) error {
		switch key {
		case "dtype":
			s, err := d.str()
			e.DType, dtype = DType(s), true
			return err
		case "shape":
			var err error
			e.Shape, err = d.ints()
			shape = true
			return err
		case "data_offsets":
			at, err := d.ints()
			if err != nil {
				return err
			}
			if len(at) != 2 {
				return fmt.Errorf("%d numbers, want begin and end", len(at))
			}
			e.Begin, e.End, offsets = at[0], at[1], true
			return nil
		}
		var skipped json.RawMessage
		return d.Decode(&skipped)
	})
	if err == nil && (!dtype || !shape || !offsets) {
		err = errors.New("want dtype, shape and data_offsets")
	}
	return e, err
}

func (d decoder) ints() ([]int, error) {
	if err := d.delim('['); err != nil {
		return nil, err
	}
	out := []int{}
	for d.More() {
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("found %v, want a whole number", t)
		}
		v, err := strconv.ParseUint(n.String(), 10, 64)
		if err != nil || v > math.MaxInt {
			return nil, fmt.Errorf("found %v, want a whole number from 0 to %d", n, math.MaxInt)
		}
		out = append(out, int(v))
	}
	return out, d.delim(']')
}

func (d decoder) str() (string, error) {
	t, err := d.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("found %v, want a string", t)
	}
	return s, nil
}

func (d decoder) delim(want json.Delim) error {
	t, err := d.token()
	if err == nil && t != want {
		err = fmt.Errorf("found %v, want '%v'", t, want)
	}
	return err
}

// token is Token with an end of input named for what it is here.
func (d decoder) token() (json.Token, error) {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// checkLayout holds entries to the format: known types, sizes that match the
// offsets, and data of exactly size bytes covered without hole or overlap.
func checkLayout(entries []Entry, size int) error {
	for _, e := range entries {
		if e.Begin > e.End || e.End > size {
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] do not lie within the %d bytes of data", e.Name, e.Begin, e.End, size)
		}
		want, err := Bytes(e.DType, e.Shape)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", e.Name, err)
		}
		if want != e.End-e.Begin {
			return fmt.Errorf("tensor %q: %s %v takes %d bytes, data_offsets [%d, %d] hold %d",
				e.Name, e.DType, e.Shape, want, e.Begin, e.End, e.End-e.Begin)
		}
	}
	// The header may list tensors in any order; their data may not.
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if a.Begin != b.Begin {
			return a.Begin - b.Begin
		}
		return a.End - b.End
	})
	at := 0
	for _, e := range entries {
		switch {
		case e.Begin < at:
			return fmt.Errorf("tensor %q: begins at byte %d, inside the tensor that ends at %d", e.Name, e.Begin, at)
		case e.Begin > at:
			return fmt.Errorf("tensor %q: begins at byte %d, leaving a hole after byte %d", e.Name, e.Begin, at)
		}
		at = e.End
	}
	if at != size {
		return fmt.Errorf("tensors end at byte %d, the data at %d", at, size)
	}
	return nil
}
