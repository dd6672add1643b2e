package figures

import (
	"testing"

	"kvscope/engine/trace"
)

// FuzzFigures reckons on every selection that the codec accepts: what is read never
// exceeds what is there, and a share is one.
func FuzzFigures(f *testing.F) {
	for _, s := range []*trace.Selection{
		{Step: 2, First: 33, Queries: 1, Unit: 4, Candidates: 9, Picked: []byte{0x81, 1}, Mass: []float32{.5, 0, 0, 0, 0, 0, 0, .25, .25}},
		{Step: -1, First: 5, Queries: 3, Unit: 1, Candidates: 8, Picked: []byte{1, 2, 255}},
	} {
		frame, err := trace.Append(nil, s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, err := trace.Decode(frame)
		if err != nil {
			return
		}
		s, ok := e.(*trace.Selection)
		if !ok {
			return
		}
		for q := range min(s.Queries, 100) {
			if read, present := Read(s, q); read < 0 || read > present {
				t.Errorf("query %d read %d of %d", q, read, present)
			}
		}
		if r, ok := Recall(s); ok && !(r >= 0 && r <= 1) {
			t.Errorf("recall %v", r)
		}
		MassKept(s)
	})
}
