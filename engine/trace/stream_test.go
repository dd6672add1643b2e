package trace

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"testing"
	"testing/iotest"
)

func TestStream(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	for _, e := range events() {
		if err := w.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(iotest.OneByteReader(&buf))
	for _, want := range events() {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("sent %+v\ngot  %+v", want, got)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestStreamCutShort(t *testing.T) {
	frame := encode(t, single())
	for n := 1; n < len(frame); n++ {
		if _, err := NewReader(bytes.NewReader(frame[:n])).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d of %d bytes: %v, want io.ErrUnexpectedEOF", n, len(frame), err)
		}
	}
}

// A frame that promises 16 MiB and delivers nothing must not cost 16 MiB.
func TestReaderAllocatesForWhatArrives(t *testing.T) {
	promise := []byte{0, 0, 0, 1, Version, byte(kindFailure)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := NewReader(bytes.NewReader(promise)).Next(); err == nil {
		t.Fatal("accepted")
	}
	runtime.ReadMemStats(&after)
	got := after.TotalAlloc - before.TotalAlloc
	if got > 64<<10 {
		t.Errorf("%d bytes allocated for a frame of 6", got)
	}
}

func TestWriterReportsTheWrite(t *testing.T) {
	broken := errors.New("broken")
	w := NewWriter(brokenWriter{broken})
	if err := w.Emit(single()); !errors.Is(err, broken) {
		t.Errorf("error %v, want it to wrap %v", err, broken)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
