package safetensors

import (
	"encoding/binary"
	"fmt"
)

// Parse reads the header of a file that is held whole, and is its metadata, its tensors in
// the order of their data, and those data.
func Parse(file []byte) (metadata map[string]string, entries []Entry, body []byte, err error) {
	n, err := HeaderSize(file, int64(len(file)))
	if err != nil {
		return nil, nil, nil, err
	}
	body = file[8+n:]
	metadata, entries, err = ParseHeader(file[8:8+n], int64(len(body)))
	return metadata, entries, body, err
}

// HeaderSize is how long the header is of a file of size bytes, which begins with first.
func HeaderSize(first []byte, size int64) (int64, error) {
	if len(first) < 8 {
		return 0, fmt.Errorf("safetensors: %d bytes, too short for a header length", len(first))
	}
	n := binary.LittleEndian.Uint64(first)
	if n > MaxHeader {
		return 0, fmt.Errorf("safetensors: header of %d bytes, at most %d are allowed", n, MaxHeader)
	}
	if n > uint64(size-8) {
		return 0, fmt.Errorf("safetensors: header of %d bytes in a file of %d", n, size)
	}
	return int64(n), nil
}

// ParseHeader reads a header that a body of so many bytes follows, and holds it to the
// format.
func ParseHeader(header []byte, body int64) (metadata map[string]string, entries []Entry, err error) {
	if metadata, entries, err = parseHeader(header); err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	if err := checkLayout(entries, int(body)); err != nil {
		return nil, nil, fmt.Errorf("safetensors: %w", err)
	}
	return metadata, entries, nil
}
