package run

import (
	"context"
	"errors"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// pacer is a request that is read in two chunks.
func pacer(method string) Request {
	return Request{Task: "S-1", Seed: 1, Model: "m", Context: new(256), Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/2"}}}
}

// TestRunsYield: a run lets others in between its pieces, and ends at the first of them
// after it was cancelled, whichever that is.
// TestPrefillChunk: models of a laptop are read in large chunks, a 7B in ones that let go soon.
func TestPrefillChunk(t *testing.T) {
	for _, c := range []struct{ dim, hidden, want int }{{128, 512, 256}, {576, 1536, 256}, {2048, 8192, 128}, {4096, 11008, 64}, {8192, 28672, 64}} {
		if got := prefillChunk(model.Config{Dim: c.dim, Hidden: c.hidden}); got != c.want {
			t.Errorf("width %d, hidden %d: chunks of %d tokens, want %d", c.dim, c.hidden, got, c.want)
		}
	}
}

func TestRunsYield(t *testing.T) {
	for _, method := range []string{"quest", "moba", "snapkv"} {
		e := testEngine(t, model.RATPlus)
		all := 0
		e.Yield = func() { all++ }
		record(t, e, pacer(method))
		pieces := 2 * e.models[0].info.Layers // at the least: every layer, readingRun and answering
		if all < pieces {
			t.Errorf("%s: yielded %d times, want at least %d", method, all, pieces)
		}
		for _, at := range []int{1, all / 3, all / 2, all} {
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			e.Yield = func() {
				if n++; n == at {
					cancel()
				}
			}
			err := e.Run(ctx, pacer(method), &trace.Run{})
			if !errors.Is(err, context.Canceled) || n != at {
				t.Errorf("%s: cancelled at piece %d of %d, ended after %d with %v", method, at, all, n, err)
			}
			cancel()
		}
		e.Yield = nil
		record(t, e, pacer(method)) // what was cancelled leaves nothing behind
	}
}

// readingRun is a sink that hears how far the prompt is read.
type readingRun struct {
	trace.Run
	told []int
}

func (r *readingRun) Reading(read, prompt int) { r.told = append(r.told, read, prompt) }

// TestReadingIsTold: a sink that asks hears of the tokens read, from none to all, more
// often than once a chunk.
func TestReadingIsTold(t *testing.T) {
	e := testEngine(t, model.Attention)
	var r readingRun
	if err := e.Run(t.Context(), pacer("quest"), &r); err != nil {
		t.Fatal(err)
	}
	last := -1
	for i := 0; i < len(r.told); i += 2 {
		read, prompt := r.told[i], r.told[i+1]
		if read <= last || prompt != len(r.Header.Tokens) {
			t.Errorf("%d of %d read after %d, of a prompt of %d", read, prompt, last, len(r.Header.Tokens))
		}
		last = read
	}
	if r.told[0] != 0 || last != len(r.Header.Tokens) || len(r.told) < 6 {
		t.Errorf("told of %v", r.told)
	}
}
