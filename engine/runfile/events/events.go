package events

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"kvscope/engine/checkpoint/safetensors"
	"kvscope/engine/trace"
)

const (
	// Format names the format in the metadata of the file, under "format".
	Format = "kvscope-run"

	// Tensor is the tensor that holds the run's stream, frame after frame.
	Tensor = "frames"
)

// Read reads the run in a file.
func Read(file []byte) (*trace.Run, error) {
	metadata, entries, body, err := safetensors.Parse(file)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the format
	}
	if found := metadata["format"]; found != Format {
		return nil, fmt.Errorf("the file's format is %q, want %q, as Explorer and `kvscope trace` save runs", found, Format)
	}
	for _, e := range entries {
		if e.Name == Tensor {
			return Decode(body[e.Begin:e.End])
		}
	}
	return nil, fmt.Errorf("tensor %q is missing", Tensor)
}

// Decode reads a run from its stream, which begins with its header.
func Decode(frames []byte) (*trace.Run, error) {
	out := &trace.Run{}
	in := trace.NewReader(bytes.NewReader(frames))
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = out.Emit(e)
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the event
		}
	}
	if out.Header == nil {
		return nil, errors.New("the file has no header")
	}
	return out, nil
}
