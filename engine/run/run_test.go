package run

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/index"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
	"kvscope/engine/train"
)

// testEngine holds one small model with fresh weights: what it answers is noise,
// what it reads is not.
func testEngine(t testing.TB, arch model.Arch) *Engine {
	t.Helper()
	tok := tokenizer.NewDemo()
	e := NewEngine(ops.Reference())
	if err := e.Add("m", "fresh", fresh(t, arch, tok.Size(), tok.Fingerprint()), nil); err != nil {
		t.Fatal(err)
	}
	if err := e.AddIndex("m", freshIndex(t, e.Models()[0])); err != nil {
		t.Fatal(err)
	}
	return e
}

// freshIndex is an index for a model as it stands in a file.
func freshIndex(t testing.TB, m ModelInfo) []byte {
	t.Helper()
	x := sparse.NewIndex(m.Layers, m.Heads, m.HeadDim, 4, 16)
	rng := rand.New(rand.NewPCG(4, 4))
	for _, part := range [][]float32{x.Query, x.Key, x.Weight} {
		for i := range part {
			part[i] = float32(rng.NormFloat64())
		}
	}
	var file bytes.Buffer
	if err := checkpoint.Write(&file, index.Metadata(x), index.Tensors(x, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// fresh is a small model of vocab tokens, made with the vocabulary of that fingerprint.
func fresh(t testing.TB, arch model.Arch, vocab int, fingerprint string) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Parse(freshFile(t, arch, vocab, fingerprint))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// freshFile is fresh as it stands in a file.
func freshFile(t testing.TB, arch model.Arch, vocab int, fingerprint string) []byte {
	t.Helper()
	cfg := model.Config{
		Arch: model.Attention, Memory: arch == model.RATPlus, Vocab: vocab, Dim: 32, Heads: 2, KVHeads: 2, HeadDim: 16, Layers: 2, Hidden: 64, Context: 256,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: arch == model.RATPlus,
	}
	meta := cfg.Metadata()
	meta["note"] = "fresh"
	if fingerprint != "" {
		meta["tokenizer"] = fingerprint
	}
	var file bytes.Buffer
	if err := checkpoint.Write(&file, meta, train.Initialise(cfg, 1).Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func record(t *testing.T, e *Engine, req Request) *trace.Run {
	t.Helper()
	req.Model = "m"
	r := &trace.Run{}
	if err := e.Run(t.Context(), req, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEachModelHasItsTokenizer: a model made with an unknown vocabulary loads and reads
// no text; a tokenizer that cannot be a model's is refused.
func TestEachModelHasItsTokenizer(t *testing.T) {
	tok := tokenizer.NewDemo()
	for _, c := range []struct {
		name, fingerprint string
		vocab             int
		tok               tokenizer.Tokenizer
		add, text         string // what the error of adding, or of asking, says
	}{
		{"the demo vocabulary", tok.Fingerprint(), tok.Size(), nil, "", ""},
		{"given", "", tok.Size() + 9, tok, "", ""},
		{"unknown", "0123456789abcdef", tok.Size(), nil, "", "has no tokenizer"},
		{"none", "", tok.Size(), nil, "", "has no tokenizer"},
		{"another vocabulary", "0123456789abcdef", tok.Size(), tok, "made with vocabulary", ""},
		{"too large", "", tok.Size() - 1, tok, "it is another model's", ""},
	} {
		e := NewEngine(ops.Reference())
		f := fresh(t, model.Attention, c.vocab, c.fingerprint)
		if err := e.Add("m", "fresh", f, c.tok); !says(err, c.add) {
			t.Errorf("%s: adding says %v, want %q", c.name, err, c.add)
		}
		if c.add != "" {
			continue
		}
		err := e.Run(t.Context(), Request{Model: "m", Task: "S-1", Context: new(128)}, &trace.Run{})
		if !says(err, c.text) || c.text != "" && input.Field(err) != "model" {
			t.Errorf("%s: a task says %v, want %q", c.name, err, c.text)
		}
		if _, err := e.Tokenizer("m"); !says(err, c.text) {
			t.Errorf("%s: its tokenizer says %v, want %q", c.name, err, c.text)
		}
	}
}

// says reports whether err says what is wanted, nothing for "".
func says(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}

// TestEveryMethod runs each method and checks that the trace is whole: every head
// reported for every step, within its budget, read fraction as counted.
func TestEveryMethod(t *testing.T) {
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		e := testEngine(t, arch)
		for _, m := range methods() {
			r := record(t, e, Request{Task: "MK-1", Seed: 3, Config: sparse.Config{Method: m.ID, Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(3)})
			if r.Done == nil || len(r.Steps) == 0 {
				t.Fatalf("%s: did not finish", m.ID)
			}
			if r.Header.Block != 8 && m.Unit == sparse.UnitBlock {
				t.Errorf("%s: block %d", m.ID, r.Header.Block)
			}
			seen, sum, all := 0, 0, 0
			_, budgeted := m.Param("budget")
			shared := slices.Contains([]string{"adakv", "pyramidkv", "duoattention"}, m.ID) // a budget among heads or layers
			for _, s := range r.Selections {
				if s.Step < 0 {
					if m.Phase != sparse.PhasePrefill {
						t.Errorf("%s: selection in the prefill", m.ID)
					}
					continue
				}
				seen++
				var mass float64
				for _, p := range s.Mass {
					mass += float64(p)
				}
				if math.Abs(mass-1) > 1e-4 {
					t.Errorf("%s: dense mass sums to %g", m.ID, mass)
				}
				selects := budgeted && (m.Phase != sparse.PhasePrefill || s.Step == 0)
				extra := 0
				if m.Phase == sparse.PhaseEvict {
					extra = s.Step + 1
				}
				sum, all = sum+s.Count(0), all+r.Header.K+extra
				reads := budgeted || m.ID == sparse.DefaultMethod // as much as is known here
				if n := s.Count(0); selects && n > r.Header.K+extra && !shared || reads && !selects && n != s.Candidates {
					t.Errorf("%s step %d: %d of %d candidates picked, k %d", m.ID, s.Step, n, s.Candidates, r.Header.K)
				}
			}
			if shared && sum > all {
				t.Errorf("%s: %d positions read, want at most %d", m.ID, sum, all)
			}
			if want := len(r.Steps) * r.Header.Layers * r.Header.Heads; seen != want {
				t.Errorf("%s: %d selections of steps, want %d", m.ID, seen, want)
			}
			if f := r.Done.ReadFraction; m.ID == sparse.DefaultMethod && f != 1 || budgeted && !(f > 0 && f < 0.6) {
				t.Errorf("%s: read fraction %g", m.ID, f)
			}
		}
	}
}

// TestWholeBudgetEqualsDense: a method that may read everything answers, token for
// token and probability for probability, as dense attention does.
func TestWholeBudgetEqualsDense(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	dense := record(t, e, Request{Task: "S-2", Seed: 5})
	for _, method := range []string{"quest", "moba", "snapkv", "oracle-block", "oracle-token", "vertical-slash", "xattention"} {
		r := record(t, e, Request{Task: "S-2", Seed: 5, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1"}}})
		if r.Done.ReadFraction != 1 {
			t.Errorf("%s: read fraction %g at budget 1", method, r.Done.ReadFraction)
		}
		for i, s := range r.Steps {
			if s.Token != dense.Steps[i].Token || math.Abs(float64(s.Prob-dense.Steps[i].Prob)) > 1e-6 {
				t.Errorf("%s step %d: %v %g, dense %v %g", method, i, s.Token, s.Prob, dense.Steps[i].Token, dense.Steps[i].Prob)
			}
		}
	}
}

// TestDeterministic: the same request tells the same story, times apart.
func TestDeterministic(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	req := Request{Task: "MQ", Seed: 9, Config: sparse.Config{Method: "quest", Selector: "random", Values: sparse.Values{"budget": "1/8", "block": "8"}}}
	a, b := record(t, e, req), record(t, e, req)
	if len(a.Selections) != len(b.Selections) {
		t.Fatal("different numbers of selections")
	}
	for i := range a.Selections {
		if !bytes.Equal(a.Selections[i].Picked, b.Selections[i].Picked) || !slices.Equal(a.Selections[i].Mass, b.Selections[i].Mass) {
			t.Fatalf("selection %d differs", i)
		}
	}
}

func TestBadRequests(t *testing.T) {
	e := testEngine(t, model.Attention)
	half := 1.5
	for _, tc := range []struct {
		field string
		req   Request
	}{
		{"model", Request{Model: "gpt", Task: "S-1"}},
		{"task", Request{Model: "m", Task: "S-9"}},
		{"task", Request{Model: "m"}},
		{"task", Request{Model: "m", Task: "S-1", Text: "words", Key: "k"}},
		{"context", Request{Model: "m", Task: "S-1", Context: new(257)}},
		{"context", Request{Model: "m", Task: "S-1", Context: new(5)}},
		{"context", Request{Model: "m", Task: "S-1", Context: new(-5)}},
		{"depth", Request{Model: "m", Task: "S-1", Depth: &half}},
		{"method", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "magic"}}},
		{"budget", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "2"}}}},
		{"budget", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "a lot"}}}},
		{"block", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"block": "-1"}}}},
		{"kernel", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "snapkv", Values: sparse.Values{"kernel": "4"}}}},
		{"pooling", Request{Model: "m", Task: "S-1", Config: sparse.Config{Method: "snapkv", Values: sparse.Values{"pooling": "sum"}}}},
		{"key", Request{Model: "m", Text: "words"}},
		{"text", Request{Model: "m", Key: "k", Text: strings.Repeat("x", MaxText+1)}},
		{"text", Request{Model: "m", Key: "k", Text: strings.Repeat("word ", 400)}},
		{"max_new", Request{Model: "m", Task: "S-1", MaxNew: new(-1)}},
	} {
		err := e.Run(t.Context(), tc.req, &trace.Run{})
		if got := input.Field(err); got != tc.field {
			t.Errorf("%+.60v: blames %q (%v), want %q", tc.req, got, err, tc.field)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := testEngine(t, model.Attention)
	r := &trace.Run{}
	err := e.Run(ctx, Request{Model: "m", Task: "S-2", Config: sparse.Config{Method: "quest"}}, sinkFunc(func(ev trace.Event) error {
		if _, ok := ev.(*trace.Step); ok {
			cancel()
		}
		return r.Emit(ev)
	}))
	if !errors.Is(err, context.Canceled) || len(r.Steps) != 1 {
		t.Errorf("%v after %d steps", err, len(r.Steps))
	}
}

// TestSinkError: a sink that gives up ends the run with its error.
func TestSinkError(t *testing.T) {
	e, full := testEngine(t, model.Attention), errors.New("full")
	n := 0
	err := e.Run(t.Context(), Request{Model: "m", Task: "S-2", Config: sparse.Config{Method: "quest"}}, sinkFunc(func(trace.Event) error {
		if n++; n > 2 {
			return full
		}
		return nil
	}))
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type sinkFunc func(trace.Event) error

func (f sinkFunc) Emit(e trace.Event) error { return f(e) }
