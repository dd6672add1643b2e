package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"kvscope/engine/checkpoint/safetensors"
)

// Write writes a safetensors file. The output depends on names and contents
// only, not on the order of tensors: they are laid out by falling element size,
// which keeps each aligned, then by name.
func Write(w io.Writer, metadata map[string]string, tensors []Tensor) error {
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.Size(), a.DType.Size()), cmp.Compare(a.Name, b.Name))
	})
	header, err := header(metadata, tensors)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// header is the length and the JSON of a file, padded to a multiple of eight
// bytes so that the data after it is aligned.
func header(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	type info struct {
		DType   DType  `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	object := map[string]any{}
	if len(metadata) > 0 {
		for k, v := range metadata {
			if !utf8.ValidString(k) || !utf8.ValidString(v) {
				return nil, fmt.Errorf("metadata %q: not valid UTF-8", k)
			}
		}
		object[safetensors.MetadataKey] = metadata
	}
	at := 0
	for _, t := range tensors {
		size, err := safetensors.Bytes(t.DType, t.Shape)
		switch _, double := object[t.Name]; {
		case err != nil:
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		case size != len(t.Data):
			return nil, fmt.Errorf("tensor %q: %s %v takes %d bytes, found %d", t.Name, t.DType, t.Shape, size, len(t.Data))
		case t.Name == safetensors.MetadataKey:
			return nil, fmt.Errorf("tensor %q: the name is reserved", t.Name)
		case !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("tensor %q: the name is not valid UTF-8", t.Name)
		case double:
			return nil, fmt.Errorf("tensor %q: the name is used twice", t.Name)
		}
		// A scalar's shape is [], which a nil slice would not become.
		object[t.Name] = info{t.DType, append([]int{}, t.Shape...), [2]int{at, at + size}}
		at += size
	}
	out := bytes.NewBuffer(make([]byte, 8))
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	out.Truncate(out.Len() - 1) // the newline that Encode adds
	for out.Len()%8 != 0 {
		out.WriteByte(' ')
	}
	n := out.Len() - 8
	if n > MaxHeader {
		return nil, fmt.Errorf("header of %d bytes, at most %d are allowed", n, MaxHeader)
	}
	binary.LittleEndian.PutUint64(out.Bytes(), uint64(n))
	return out.Bytes(), nil
}

// Save writes a safetensors file to path: first beside it, then renamed, so that
// path never holds half a file.
func Save(path string, metadata map[string]string, tensors []Tensor) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("save %s: %w", path, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	err = errors.Join(Write(f, metadata, tensors), f.Chmod(0o644), f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
