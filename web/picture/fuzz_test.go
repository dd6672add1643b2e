package picture

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"kvscope/engine/trace"
	"kvscope/web/sample"
)

// encoded is events as they are sent.
func encoded(t testing.TB, events ...trace.Event) []byte {
	t.Helper()
	var out []byte
	for _, e := range events {
		var err error
		if out, err = trace.Append(out, e); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// small is a run of a prompt of 24 tokens in blocks of four, by one head of two, its
// header apart.
func small(t testing.TB) (header, rest []byte) {
	t.Helper()
	mass := []float32{.1, .2, 0, .3, .2, .2}
	return encoded(t, &trace.Header{
			Layers: 1, Heads: 2, HeadDim: 4, Method: "quest", Phase: "prefill", Block: 4, K: 2, Tokens: make([]trace.Token, 24),
			Answer: make([]trace.Token, 2), Gold: []int{5, -1}, Needles: []trace.Needle{{Span: [2]int{4, 8}, Queried: true}},
		}), encoded(t,
			&trace.Selection{Step: -1, First: 8, Queries: 3, Unit: 4, Candidates: 3, Picked: []byte{1, 2, 4}},
			&trace.Selection{Step: 0, First: 23, Queries: 1, Unit: 4, Candidates: 6, Picked: []byte{3}, Scores: mass, Mass: mass},
			&trace.Step{Step: 0, Position: 23}, &trace.Selection{Step: 1, Head: 1, First: 24, Queries: 1, Unit: 1, Candidates: 25, Picked: []byte{0, 1, 0, 1}},
			&trace.Step{Step: 1, Position: 24}, &trace.Done{Hits: []trace.Hit{{}, {Head: 1}}})
}

// drawAll takes what a run takes of a stream and draws every picture of it: of all heads
// together, the first and the last, or the one of these that which says.
func drawAll(t testing.TB, stream []byte, which ...int) {
	t.Helper()
	r := &Run{}
	for in := trace.NewReader(bytes.NewReader(stream)); ; {
		e, err := in.Next()
		if err == nil {
			err = r.Emit(e)
		}
		if err != nil {
			if r.Header == nil && errors.Is(err, io.EOF) {
				return
			}
			break
		}
	}
	if r.Header == nil {
		return
	}
	r.Pieces()
	r.HeadGrid()
	heads := []*Head{nil, {0, 0}, {r.Header.Layers - 1, r.Header.Heads - 1}}
	for _, i := range which {
		heads = heads[i : i+1]
	}
	for _, head := range heads {
		if g := r.Grid(head); len(g.Share) != len(g.Lines)*g.Columns {
			t.Errorf("a grid of %d lines and %d columns has %d cells", len(g.Lines), g.Columns, len(g.Share))
		}
		r.HeadReads(head)
		for line := range r.LineCount() {
			r.ReadsAt(line, head)
			r.Scatter(line, head)
			r.Readout(line, 0, head)
			r.Readout(line, r.Columns()-1, head)
			for _, by := range Shades() {
				r.Strip(line, head, by)
			}
		}
	}
}

// FuzzRun draws what any stream after a good header tells, of one head an execution.
func FuzzRun(f *testing.F) {
	header, rest := small(f)
	for head := range uint8(3) {
		f.Add(rest, head)
	}
	f.Fuzz(func(t *testing.T, rest []byte, head uint8) {
		drawAll(t, append(bytes.Clone(header), rest...), int(head%3))
	})
}

// TestBrokenRuns draws runs that are cut short, and runs with bits turned.
func TestBrokenRuns(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, 0))
	header, rest := small(t)
	events, err := sample.Events(sample.Spec{Method: "moba", Model: "attention", Layers: 1, Heads: 1, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range [][]byte{append(header, rest...), encoded(t, events...)} {
		for n := range 60 {
			drawAll(t, good[:n*len(good)/60])
		}
		for range 300 {
			data, at := bytes.Clone(good), random.IntN(8*len(good))
			data[at/8] ^= 1 << (at % 8)
			drawAll(t, data)
		}
	}
}
