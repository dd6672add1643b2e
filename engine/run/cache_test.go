package run

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

func shelve(t *testing.T, s *Cache, req Request) *trace.Run {
	t.Helper()
	req.Model = "m"
	r := &trace.Run{}
	if err := s.Run(t.Context(), req, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// same compares what two runs picked and answered.
func same(t *testing.T, name string, a, b *trace.Run) {
	t.Helper()
	if len(a.Selections) != len(b.Selections) || len(a.Steps) != len(b.Steps) {
		t.Fatalf("%s: %d selections and %d steps, want %d and %d", name, len(a.Selections), len(a.Steps), len(b.Selections), len(b.Steps))
	}
	for i, s := range a.Selections {
		if w := b.Selections[i]; !slices.Equal(s.Picked, w.Picked) || !slices.Equal(s.Scores, w.Scores) || !slices.Equal(s.Mass, w.Mass) {
			t.Fatalf("%s: selection %d (step %d, layer %d, head %d) differs", name, i, s.Step, s.Layer, s.Head)
		}
	}
	for i, s := range a.Steps {
		if w := b.Steps[i]; s.Token != w.Token || s.Prob != w.Prob || !slices.Equal(s.Top, w.Top) {
			t.Fatalf("%s: step %d differs", name, i)
		}
	}
}

// methods are all methods, or some of them where tests are to be short.
func methods() []sparse.Info {
	all := sparse.Methods()
	if !testing.Short() {
		return all
	}
	var some []sparse.Info
	for i := 0; i < len(all); i += 5 {
		some = append(some, all[i])
	}
	return some
}

// TestCachedRunsAreRuns: a run that takes over the prompt as another has read it is
// the run that reads it itself, to the bit, whatever the two methods and blocks.
func TestCachedRunsAreRuns(t *testing.T) {
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		e := testEngine(t, arch)
		s := NewCache(e, 1<<30)
		for _, m := range methods() {
			req := Request{Task: "MK-1", Seed: 3, Config: sparse.Config{Method: m.ID, Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(3)}
			same(t, string(arch)+" "+m.ID, shelve(t, s, req), record(t, e, req))
			req.Config = req.With("block", "32")
			same(t, string(arch)+" "+m.ID+" in other blocks", shelve(t, s, req), record(t, e, req))
		}
	}
}

// TestPrefillTimeIsOfReading: a run that takes the prompt over reports the time of
// the run that read it.
func TestPrefillTimeIsOfReading(t *testing.T) {
	s := NewCache(testEngine(t, model.RATPlus), 1<<30)
	read := shelve(t, s, Request{Task: "MK-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(1)})
	s.Cached(read.Header.ID).prefix.took = 1e6
	if over := shelve(t, s, Request{Task: "MK-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "8"}}, MaxNew: new(1)}); over.Done.PrefillMS < 1e6 {
		t.Errorf("prefill of %g ms, want at least the reader's", over.Done.PrefillMS)
	}
}

// TestAnswersAreNotKept: an answer is that of the run, goes on from a prompt that is kept, and
// leaves nothing behind.
func TestAnswersAreNotKept(t *testing.T) {
	s := NewCache(testEngine(t, model.RATPlus), 1<<30)
	kept := shelve(t, s, Request{Model: "m", Task: "MK-1"})
	s.Cached(kept.Header.ID).prefix.took = 1e6
	before := s.bytes
	req := Request{Model: "m", Task: "MK-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}
	var got, want trace.Run
	if err := s.Answer(t.Context(), req, &got); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Run(t.Context(), req, &want); err != nil {
		t.Fatal(err)
	}
	if got.Done.Answer != want.Done.Answer || !reflect.DeepEqual(got.Selections, want.Selections) {
		t.Errorf("answered %q, the run %q, or by other picks", got.Done.Answer, want.Done.Answer)
	}
	if got.Done.PrefillMS < 1e6 {
		t.Error("the prompt was read again")
	}
	if s.Cached(got.Header.ID) != nil || s.bytes != before {
		t.Errorf("%d bytes are kept, before %d", s.bytes, before)
	}
}

// TestKeptHeadIsWhatRan: the rows of a kept head are the mass that the run saw.
func TestKeptHeadIsWhatRan(t *testing.T) {
	s := NewCache(testEngine(t, model.RATPlus), 1<<30)
	shelve(t, s, Request{Task: "S-2", Seed: 4})
	r := shelve(t, s, Request{Task: "S-2", Seed: 4, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4"}}})
	k := s.Cached(r.Header.ID)
	if k == nil || r.Done.SparseMS <= 0 || r.Done.DenseMS <= 0 {
		t.Fatalf("kept %v, measured %v and %v ms", k, r.Done.SparseMS, r.Done.DenseMS)
	}
	for _, step := range r.Steps {
		sel := r.Selection(step.Step, 1, 0)
		h, err := k.Head(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(r.Header.Tokens) + len(r.Steps) - 1; h.Len() != want || len(h.Gate) != len(h.K) || h.Prompt != len(r.Header.Tokens) {
			t.Fatalf("%d positions, %d of the prompt, want %d", h.Len(), h.Prompt, want)
		}
		row := make([]float32, step.Position+1)
		h.Row(ops.Reference(), row, step.Position)
		mass := make([]float64, sel.Candidates)
		for j, w := range row {
			mass[j/sel.Unit] += float64(w)
		}
		for i := range mass {
			if math.Abs(mass[i]-float64(sel.Mass[i])) > 1e-5 {
				t.Fatalf("step %d block %d: the kept head gives it %g, the run %g", step.Step, i, mass[i], sel.Mass[i])
			}
		}
	}
	for _, hit := range r.Done.Hits {
		h, err := k.Head(hit.Layer, hit.Head)
		if err != nil {
			t.Fatal(err)
		}
		if want := h.MemoryLength(len(r.Header.Tokens) - 1); hit.MemoryLength != want || want < 1 {
			t.Errorf("layer %d head %d: memory of %d tokens, want %d", hit.Layer, hit.Head, hit.MemoryLength, want)
		}
	}
	if _, err := k.Head(2, 0); input.Field(err) != "layer" {
		t.Errorf("layer 2 of 2: %v", err)
	}
	if _, err := k.Head(0, -1); input.Field(err) != "head" {
		t.Errorf("head -1: %v", err)
	}
}

// TestCacheForgets the least used runs, and never the last.
func TestCacheForgets(t *testing.T) {
	s := NewCache(testEngine(t, model.Attention), 1)
	a := shelve(t, s, Request{Task: "S-2", Seed: 1}).Header.ID
	b := shelve(t, s, Request{Task: "S-2", Seed: 2}).Header.ID
	if a == b || s.Cached(a) != nil || s.Cached(b) == nil || s.Cached("") != nil {
		t.Error("one run fits, and it is not the last")
	}
	s.limit = 1 << 30
	shelve(t, s, Request{Task: "S-2", Seed: 1})
	shelve(t, s, Request{Task: "S-2", Seed: 1})
	if s.Cached(a) == nil || s.Cached(b) == nil || s.order.Len() != 2 {
		t.Errorf("%d runs kept of two", s.order.Len())
	}
}

// TestCacheStaysWithinItsLimit: runs on one prompt take it over from each other, and
// none keeps alive the run it took it from, nor more than Bytes says.
func TestCacheStaysWithinItsLimit(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	s := NewCache(e, 1)
	s.limit = 3 * s.Cached(shelve(t, s, Request{Task: "S-2", Seed: 1, Config: sparse.Config{Method: "quest"}}).Header.ID).Bytes()
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	for k := range 100 {
		r := shelve(t, s, Request{Task: "S-2", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"k": strconv.Itoa(k%5 + 1)}}, MaxNew: new(k/5 + 1)})
		if s.Cached(r.Header.ID).job.from != nil {
			t.Fatalf("run %d keeps the run before it alive", k)
		}
	}
	// Headers, examples and what the garbage collector has not freed yet.
	const beside = 1 << 20
	if grown := heap() - before; grown > s.limit+beside {
		t.Errorf("100 runs hold %d bytes beside a limit of %d", grown, s.limit)
	}
	runtime.KeepAlive(s)
}

// TestLargestMemoryCap: a cap that no int holds times the width is no limit at all.
func TestLargestMemoryCap(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	req := Request{Task: "S-2", Seed: 1, MemoryCap: new(math.MaxInt)}
	if got, want := record(t, e, req).Steps[0].Token, record(t, e, Request{Task: "S-2", Seed: 1}).Steps[0].Token; got != want {
		t.Errorf("answers %v with the largest cap, %v without", got, want)
	}
}

// TestMeddling: what is changed by hand changes the run as it says, and is said.
func TestMeddling(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	base := Request{Task: "S-2", Seed: 4, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}
	plain := record(t, e, base)
	if plain.Header.Intervention != nil {
		t.Error("a run as trained says otherwise")
	}
	edited := base
	edited.Force, edited.Drop = "5", "0"
	r := record(t, e, edited)
	for _, s := range r.Selections {
		if !s.Has(0, 5) || s.Has(0, 0) {
			t.Fatalf("step %d layer %d head %d: block 5 read %v, block 0 read %v", s.Step, s.Layer, s.Head, s.Has(0, 5), s.Has(0, 0))
		}
	}
	if c := r.Header.Intervention; c == nil || !slices.Equal(c.Force, []int{5}) || c.Strength != 1 || c.ComputeWith != "memory" {
		t.Errorf("the header says %+v", c)
	}
	none := 0.0
	off, swapped := base, base
	off.MemoryStrength = &none
	swapped.SelectWith, swapped.ComputeWith = "plain", "plain"
	same(t, "no strength and plain keys", record(t, e, off), record(t, e, swapped))
	if record(t, e, off).Steps[0].Prob == plain.Steps[0].Prob {
		t.Error("without its memory the model answers alike")
	}
	bad := 1.5
	for field, change := range map[string]func(*Request){
		"memory_strength": func(r *Request) { r.MemoryStrength = &bad },
		"memory_cap":      func(r *Request) { r.MemoryCap = new(-1) },
		"select_with":     func(r *Request) { r.SelectWith = "luck" },
		"compute_with":    func(r *Request) { r.ComputeWith = "x" },
		"force":           func(r *Request) { r.Force = "1000" },
		"drop":            func(r *Request) { r.Drop, r.Force = "1, 2", "2" },
		"top_p":           func(r *Request) { r.Method = "twilight"; r.Config = r.With("top_p", "2") },
	} {
		req := base
		req.Model = "m"
		change(&req)
		if err := e.Run(t.Context(), req, &trace.Run{}); input.Field(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	req := base
	req.Model, req.MemoryStrength = "m", &none
	if err := testEngine(t, model.Attention).Run(t.Context(), req, &trace.Run{}); input.Field(err) != "memory_strength" {
		t.Errorf("a model without memory: %v", err)
	}
}

// TestAPromptIsReadOnce: runs on one prompt at the same time wait for the one that reads
// it, whatever becomes of that, and pick what they pick alone.
func TestAPromptIsReadOnce(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	alone := record(t, e, Request{Task: "S-2", Seed: 8, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8"}}})
	s := NewCache(e, 1<<30)
	ask := func(ctx context.Context, budget string, sink trace.Sink) error {
		return s.Run(ctx, Request{Model: "m", Task: "S-2", Seed: 8, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": budget}}}, sink)
	}
	begun := make(chan struct{})
	first, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	e.Yield = sync.OnceFunc(func() { close(begun); <-first.Done() }) // the first run stands still while it reads
	go func() { failed <- ask(first, "1/2", &trace.Run{}) }()
	<-begun
	if len(s.reading) != 1 {
		t.Fatalf("%d runs read", len(s.reading))
	}
	waiting, give := context.WithCancel(t.Context())
	give()
	if err := ask(waiting, "1/4", &trace.Run{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that waits does not hear that it is over: %v", err)
	}
	var second trace.Run
	got := make(chan error, 1)
	go func() { got <- ask(t.Context(), "1", &second) }()
	cancel() // the first comes to nothing: the second reads by itself
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the first run: %v", err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	var third trace.Run
	if err := ask(t.Context(), "1/8", &third); err != nil {
		t.Fatal(err)
	}
	if len(s.reading) != 0 || third.Done.PrefillMS < second.Done.PrefillMS/2 {
		t.Errorf("%d runs read, prefill of %g and %g ms", len(s.reading), second.Done.PrefillMS, third.Done.PrefillMS)
	}
	same(t, "taken over", &third, alone)
}
