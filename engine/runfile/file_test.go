package runfile

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/lens"
	"kvscope/engine/runfile/events"
	"kvscope/engine/trace"
)

// whole is a run of two steps of one layer of two heads.
func whole(t testing.TB) *trace.Run {
	t.Helper()
	r := &trace.Run{}
	pick := func(step, head, first int, bits byte) *trace.Selection {
		return &trace.Selection{Step: step, Head: head, First: first, Queries: 1, Unit: 2, Candidates: first/2 + 1, Picked: []byte{bits}}
	}
	for _, e := range []trace.Event{
		&trace.Header{Model: "m", Layers: 1, Heads: 2, Tokens: make([]trace.Token, 5), Method: "quest", Block: 2},
		&trace.Selection{Step: -1, Queries: 2, Unit: 2, Candidates: 1, Picked: []byte{1, 1}},
		pick(0, 0, 4, 0b101), pick(0, 1, 4, 0b010),
		&trace.Step{Step: 0, Position: 4, Token: trace.Token{ID: 7, Text: "x"}},
		pick(1, 0, 5, 0b001), pick(1, 1, 5, 0b111),
		&trace.Step{Step: 1, Position: 5, Token: trace.Token{ID: 8, Text: "y"}},
		&trace.Done{Answer: "x y", Score: 1},
	} {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// frame is the frame of e.
func frame(t testing.TB, e trace.Event) []byte {
	t.Helper()
	b, err := trace.Append(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func heads(_, head int) (*lens.HeadTensors, error) {
	x := make([]float32, 12)
	for i := range x {
		x[i] = float32(100*head + i)
	}
	return &lens.HeadTensors{Dim: 2, Prompt: 5, Q: x, K: x, Gate: x}, nil
}

func TestFileRoundTrip(t *testing.T) {
	r := whole(t)
	for _, saved := range []lens.Heads{nil, heads} {
		var file bytes.Buffer
		if err := (&File{r, saved}).Write(&file); err != nil {
			t.Fatal(err)
		}
		back, err := Read(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.Run.Events(), r.Events()) {
			t.Errorf("read %+v, wrote %+v", back.Run, r)
		}
		if saved == nil {
			if back.Heads != nil {
				t.Error("heads out of nothing")
			}
			continue
		}
		want, _ := heads(0, 1)
		if got, err := back.Heads(0, 1); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("head 1 is %+v, %v", got, err)
		}
		for _, at := range [][2]int{{1, 0}, {0, -1}} {
			if got, err := back.Heads(at[0], at[1]); err == nil {
				t.Errorf("head %v is %+v", at, got)
			}
		}
		// What another program finds.
		f, err := checkpoint.Parse(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		selected, err := f.Tensor("selected")
		if err != nil {
			t.Fatal(err)
		}
		bits := []byte{1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}
		if !reflect.DeepEqual(selected.Shape, []int{2, 1, 2, 6}) || !bytes.Equal(selected.Data, bits) {
			t.Errorf("selected is %v %v, want %v", selected.Shape, selected.Data, bits)
		}
		if f.Metadata["answer"] != "x y" || !strings.Contains(f.Metadata["header"], `"method":"quest"`) {
			t.Errorf("metadata %v", f.Metadata)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	file := func(metadata map[string]string, tensors ...checkpoint.Tensor) []byte {
		var b bytes.Buffer
		if err := checkpoint.Write(&b, metadata, tensors); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	own := map[string]string{"format": events.Format}
	frames := func(b []byte) checkpoint.Tensor { return checkpoint.NewU8("frames", []int{len(b)}, b) }
	begun := frame(t, &trace.Header{Layers: 1, Heads: 1, Tokens: make([]trace.Token, 3)})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"not a file":    {[]byte("run"), "read run:"},
		"another":       {file(map[string]string{"format": "pt"}), "the file has format (text); want attention [layers, heads, queries, keys]"},
		"no frames":     {file(own), `"frames" is missing`},
		"cut":           {file(own, frames(begun[:len(begun)-1])), "unexpected EOF"},
		"empty":         {file(own, frames(nil)), "no header"},
		"out of order":  {file(own, frames(frame(t, &trace.Done{}))), "has not begun"},
		"short queries": {file(own, frames(begun), checkpoint.NewF32("q", []int{1, 1, 2, 1}, make([]float32, 2)), checkpoint.NewF32("k", []int{1, 1, 2, 1}, make([]float32, 2))), "prompt of 3"},
	} {
		if _, err := Read(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	if err := (&File{Run: &trace.Run{}}).Write(&bytes.Buffer{}); err == nil {
		t.Error("a run that has not begun is written")
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range goodFiles(f) {
		if len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(data)
		if err != nil {
			return
		}
		if got.Run.Header == nil {
			t.Fatal("a run without a header")
		}
		use(got)
	})
}

// FuzzFrames feeds what stands after a header to a run in a file, whose own header says
// nothing of it.
func FuzzFrames(f *testing.F) {
	r := whole(f)
	var rest []byte
	for _, e := range r.Events()[1:] {
		rest = append(rest, frame(f, e)...)
	}
	f.Add(rest)
	f.Fuzz(func(t *testing.T, rest []byte) {
		frames := append(frame(t, r.Header), rest...)
		var b bytes.Buffer
		err := checkpoint.Write(&b, map[string]string{"format": events.Format}, []checkpoint.Tensor{checkpoint.NewU8("frames", []int{len(frames)}, frames)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(b.Bytes())
		if err != nil {
			return
		}
		// What was read can be written, and is then the same.
		var again bytes.Buffer
		if err := got.Write(&again); err != nil {
			t.Fatal(err)
		}
		back, err := Read(again.Bytes())
		if err != nil || len(back.Run.Events()) != len(got.Run.Events()) {
			t.Errorf("written and read: %v", err)
		}
	})
}
