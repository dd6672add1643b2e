package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Writer is a Sink that writes each event as one frame, with one Write.
type Writer struct {
	w   io.Writer
	buf []byte
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Emit writes the frame of e.
func (w *Writer) Emit(e Event) error {
	var err error
	if w.buf, err = Append(w.buf[:0], e); err != nil {
		return err
	}
	if _, err := w.w.Write(w.buf); err != nil {
		return fmt.Errorf("write %v: %w", kindOf(e), err)
	}
	return nil
}

// Reader reads the events of a stream.
type Reader struct {
	r   io.Reader
	buf bytes.Buffer
}

// NewReader returns a Reader of r. It reads in small pieces: give it a buffered r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next reads one event. The error is io.EOF itself at the end of the stream and
// wraps io.ErrUnexpectedEOF when the stream ends within a frame. It allocates for
// bytes that arrived, not for bytes that a frame promises.
func (r *Reader) Next() (Event, error) {
	var prefix [prefixSize]byte
	if _, err := io.ReadFull(r.r, prefix[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read frame: %w", err)
	}
	n, k, err := decodePrefix(prefix)
	if err != nil {
		return nil, err
	}
	r.buf.Reset()
	if _, err := io.CopyN(&r.buf, r.r, int64(n)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %v: %w", k, err)
	}
	return decodePayload(k, r.buf.Bytes())
}
