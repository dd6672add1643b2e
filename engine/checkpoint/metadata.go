package checkpoint

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/input"
)

// mostName is how many bytes the name of a model in a file may have.
const mostName = 200

// ModelName is what metadata calls the model that a file is of, a line of text, "" where it does
// not say.
func (f *File) ModelName() (string, error) {
	name := strings.TrimSpace(f.Text("model"))
	switch {
	case len(name) > mostName:
		return "", input.Errorf("model", "a name of %d bytes, want at most %d", len(name), mostName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", input.Errorf("model", "%q, want one line of text", name)
	}
	return name, nil
}

// Text is what metadata says under a name; of a list of one text, as an array of NumPy's is, that.
func (f *File) Text(name string) string {
	text := f.Metadata[name]
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil && len(list) == 1 {
		return list[0]
	}
	return text
}

// ReadMetadata reads what a safetensors file says of itself from its beginning, and no
// tensor.
func ReadMetadata(r io.Reader) (map[string]string, error) {
	first := make([]byte, 8)
	if _, err := io.ReadFull(r, first); err != nil {
		return nil, fmt.Errorf("safetensors: header length: %w", err)
	}
	n, err := safetensors.HeaderSize(first, math.MaxInt64)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the format
	}
	raw, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	var header struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	if err := json.Unmarshal(raw, &header); err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", input.FromJSON(err))
	}
	return header.Metadata, nil
}
