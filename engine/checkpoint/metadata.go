package checkpoint

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/input"
)

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
