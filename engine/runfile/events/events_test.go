package events_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/runfile"
	"kvscope/engine/runfile/events"
	"kvscope/engine/trace"
)

func file(t *testing.T, metadata map[string]string, tensors ...checkpoint.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The run is the one that runfile writes and reads.
func TestRead(t *testing.T) {
	r := &trace.Run{}
	for _, e := range []trace.Event{
		&trace.Header{Model: "m", Layers: 1, Heads: 1, Tokens: make([]trace.Token, 3), Method: "quest", Block: 2},
		&trace.Selection{Step: 0, First: 2, Queries: 1, Unit: 2, Candidates: 2, Picked: []byte{2}},
		&trace.Done{Answer: "x"},
	} {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := (&runfile.File{Run: r}).Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := events.Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Events(), r.Events()) {
		t.Errorf("read %+v, wrote %+v", got.Events(), r.Events())
	}
}

func TestReadRefuses(t *testing.T) {
	own := map[string]string{"format": events.Format}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no file":   {[]byte("run"), "too short"},
		"another":   {file(t, map[string]string{"format": "pt"}), `format is "pt", want "kvscope-run"`},
		"no frames": {file(t, own), `"frames" is missing`},
		"empty":     {file(t, own, checkpoint.NewU8("frames", []int{0}, nil)), "no header"},
	} {
		if _, err := events.Read(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}
