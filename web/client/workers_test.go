package client

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/history"
	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/engine/train/traintest"
	"kvscope/web/api"
	host "kvscope/web/worker"
)

// weights is a small model.
func weights(t *testing.T) []byte { return traintest.File(t, traintest.Config(false), 1) }

// inside is a worker within this process: a host of its own.
type inside struct {
	host   *host.Host
	to     Listener
	mu     sync.Mutex
	asked  []api.Ask
	closed bool
}

func (p *inside) Post(ask api.Ask) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, ask)
	go p.host.Receive(ask)
}

func (p *inside) Close() { p.closed = true }

// hall is a pool of workers within this process, and the workers.
type hall struct {
	*Workers
	mu    sync.Mutex
	ports []*inside
}

// open starts no more than so many workers, whose runs wait at a gate if there is one.
func open(t *testing.T, most int, gate chan struct{}) *hall {
	file := weights(t)
	h := &hall{}
	h.Workers = NewWorkers(most, func(to Listener) Port {
		p := &inside{to: to}
		p.host = host.New(host.Config{
			Kernels: ops.Reference(),
			Fetch: func(_ context.Context, _ api.SiteFile, told func(int)) ([]byte, error) {
				told(len(file))
				return file, nil
			},
			Reply: to.Reply,
			Yield: func() {
				if gate != nil {
					<-gate
				}
			},
		})
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ports = append(h.ports, p)
		return p
	}, func(context.Context) (api.Meta, error) {
		return api.Meta{Version: "v", Models: []run.ModelInfo{{Name: "a", Steps: []history.Point{{Step: 10}}}, {Name: "b", Steps: []history.Point{{Step: 10}}}, {Name: "elsewhere"}}}, nil
	}, []api.SiteFile{{Name: "a", File: "a.safetensors", Size: len(file)}, {Name: "b", File: "b.safetensors", Size: len(file), History: "b.history"}})
	return h
}

func needle(model string, seed uint64) run.Request {
	return run.Request{Model: model, Task: "MK-1", Seed: seed, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}
}

// attentive is a run that also notes its progress.
type attentive struct {
	trace.Run
	progress []api.RunProgress
}

func (a *attentive) Progress(p api.RunProgress) { a.progress = append(a.progress, p) }

// TestWorkersRun: a run in a worker is the run, its progress is told, and heads come from
// the worker that keeps it.
func TestWorkersRun(t *testing.T) {
	h := open(t, 2, nil)
	var got attentive
	if err := h.Run(t.Context(), needle("a", 3), &got); err != nil {
		t.Fatal(err)
	}
	alone := run.NewEngine(ops.Reference())
	if err := alone.AddFile("a", weights(t)); err != nil {
		t.Fatal(err)
	}
	var want trace.Run
	if err := alone.Run(t.Context(), needle("a", 3), &want); err != nil {
		t.Fatal(err)
	}
	if got.Done == nil || !reflect.DeepEqual(got.Selections, want.Selections) {
		t.Error("the worker's run is another than the engine's")
	}
	kinds := func(k api.ProgressKind) bool {
		return slices.ContainsFunc(got.progress, func(p api.RunProgress) bool { return p.Kind == k })
	}
	if !kinds(api.Weights) || !kinds(api.Prompt) {
		t.Errorf("told of %v", got.progress)
	}
	if err := h.Load(t.Context(), "b"); err != nil { // by the other worker
		t.Fatal(err)
	}
	head, err := h.Head(t.Context(), needle("a", 3), 1, 1)
	if err != nil || head.Prompt != len(want.Header.Tokens) {
		t.Errorf("head %v %v", head, err)
	}
	if len(h.ports) != 2 || len(h.ports[0].asked) != 2 || h.ports[0].asked[1].Kind != api.AskHead {
		t.Errorf("%d workers, the first was asked %+v", len(h.ports), h.ports[0].asked)
	}
	if _, err := h.Head(t.Context(), needle("a", 3), 9, 1); input.Field(err) != "layer" {
		t.Errorf("a layer that is not there: %v", err)
	}
	var bad trace.Run
	if err := h.Run(t.Context(), run.Request{Model: "a", Task: "S-9"}, &bad); err != nil || bad.Failure == nil || bad.Failure.Field != "task" {
		t.Errorf("a bad request: %v, failure %+v", err, bad.Failure)
	}
}

// TestWorkersShare: two runs at once have a worker each, more share them, and a worker
// that is free and has the model is asked again.
func TestWorkersShare(t *testing.T) {
	gate := make(chan struct{})
	h := open(t, 2, gate)
	var runs sync.WaitGroup
	for i, name := range []string{"a", "b", "b"} {
		runs.Add(1)
		go func() {
			defer runs.Done()
			if err := h.Run(t.Context(), needle(name, uint64(i)), &trace.Run{}); err != nil {
				t.Error(err)
			}
		}()
		for asked := 0; asked <= i; time.Sleep(time.Millisecond) {
			h.Workers.mu.Lock()
			asked = h.asks
			h.Workers.mu.Unlock()
		}
	}
	if len(h.ports) != 2 {
		t.Errorf("%d workers for three runs, at most two were allowed", len(h.ports))
	}
	close(gate)
	runs.Wait()
	for range 3 {
		if err := h.Run(t.Context(), needle("b", 9), &trace.Run{}); err != nil {
			t.Fatal(err)
		}
	}
	second := 0
	for _, ask := range h.ports[1].asked {
		if ask.Request.Seed == 9 {
			second++
		}
	}
	if second != 3 {
		t.Errorf("the worker that has b was asked for %d of 3 runs of it", second)
	}
}

// TestWorkersStop: a run whose context ends is over at once for the page, and soon for
// the worker, which then runs others.
func TestWorkersStop(t *testing.T) {
	gate := make(chan struct{}, 1000)
	h := open(t, 1, gate)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx, needle("a", 1), &trace.Run{}) }()
	gate <- struct{}{}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended in %v", err)
	}
	close(gate)
	if err := h.Run(t.Context(), needle("a", 2), &trace.Run{}); err != nil {
		t.Fatal(err)
	}
	if asked := h.ports[0].asked; len(asked) != 3 || asked[1].Kind != api.AskCancel || asked[1].ID != asked[0].ID {
		t.Errorf("asked %+v", asked)
	}
}

// TestWorkerGone: what a worker was asked is lost with it, and the next ask has a new one.
func TestWorkerGone(t *testing.T) {
	gate := make(chan struct{})
	h := open(t, 1, gate)
	ended := make(chan error)
	go func() { ended <- h.Run(t.Context(), needle("a", 1), &trace.Run{}) }()
	gate <- struct{}{}
	h.ports[0].to.Gone(errors.New("out of memory"))
	if err := <-ended; !IsLost(err) || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("ended in %v", err)
	}
	close(gate)
	if err := h.Run(t.Context(), needle("a", 1), &trace.Run{}); err != nil || len(h.ports) != 2 || !h.ports[0].closed {
		t.Errorf("afterwards %v, with %d workers", err, len(h.ports))
	}
}

// TestRecorded: a recorded run is shown once, as such, and then computed; a request of
// which there is none, and a record that cannot be had, are computed at once.
func TestRecorded(t *testing.T) {
	h := open(t, 1, nil)
	var first trace.Run
	if err := h.Run(t.Context(), needle("a", 3), &first); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := trace.NewWriter(&file)
	first.Done.Answer = "as recorded"
	for _, e := range first.Events() {
		if err := w.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	seven := needle("a", 7)
	three := needle("a", 3)
	r := NewRecorded(h.Workers, []api.SiteFile{{Name: three.ID()}, {Name: seven.ID(), File: "gone"}}, func(_ context.Context, f api.SiteFile) ([]byte, error) {
		if f.File == "gone" {
			return nil, errors.New("status 404")
		}
		return file.Bytes(), nil
	})
	for i, c := range []struct {
		req      run.Request
		recorded bool
	}{{three, true}, {three, false}, {needle("a", 4), false}, {seven, false}} {
		var got attentive
		if err := r.Run(t.Context(), c.req, &got); err != nil {
			t.Fatal(err)
		}
		told := slices.Contains(got.progress, api.RunProgress{Kind: api.Recorded})
		if told != c.recorded || (got.Done.Answer == "as recorded") != c.recorded {
			t.Errorf("%d: answer %q, told that it is recorded: %v, want %v", i, got.Done.Answer, told, c.recorded)
		}
	}
	if err := replay(file.Bytes()[:file.Len()/2], &trace.Run{}); err == nil {
		t.Error("half a recorded run is taken for one")
	}
}

// TestWorkersOpen: a model that somebody brings is listed and runs; what is no model is
// reply, and a name that nobody has is refused with its field.
func TestWorkersOpen(t *testing.T) {
	h := open(t, 1, nil)
	before, err := h.Meta(t.Context())
	if err != nil || len(before.Models) != 2 || before.Models[0].Steps != nil || len(before.Models[1].Steps) != 1 {
		t.Errorf("the models are %+v, %v: want the steps of b alone, whose history is there", before.Models, err)
	}
	var past trace.Run // what is fetched for its history is none
	if err := h.Run(t.Context(), needle("b@10", 1), &past); err != nil || past.Failure == nil || !strings.Contains(past.Failure.Message, "training history") {
		t.Errorf("a step of b: %+v, %v", past.Failure, err)
	}
	info, err := h.Open(t.Context(), api.SiteFile{Name: "mine", File: "blob:1"})
	if err != nil || info.Name != "mine" || info.Layers != 2 {
		t.Fatalf("%+v %v", info, err)
	}
	if _, err := h.Open(t.Context(), api.SiteFile{Name: "b", File: "blob:2"}); err != nil {
		t.Fatal(err)
	}
	meta, err := h.Meta(t.Context())
	var names []string
	for _, m := range meta.Models {
		names = append(names, m.Name)
	}
	if err != nil || !slices.Equal(names, []string{"a", "mine", "b"}) || meta.Models[0].Steps != nil {
		t.Errorf("there are %v with steps %v, %v", names, meta.Models[0].Steps, err)
	}
	var step trace.Run
	if err := h.Run(t.Context(), needle("a@10", 1), &step); err != nil || step.Failure == nil || !strings.Contains(step.Failure.Message, "kvscope serve has those") {
		t.Errorf("a step of a training: %+v, %v", step.Failure, err)
	}
	var r trace.Run
	if err := h.Run(t.Context(), needle("mine", 1), &r); err != nil || r.Done == nil {
		t.Errorf("it runs to %+v, %v", r.Failure, err)
	}
	var other trace.Run
	if err := h.Run(t.Context(), needle("elsewhere", 1), &other); err != nil || other.Failure == nil || other.Failure.Field != "model" {
		t.Errorf("a model without a file: %v, %+v", err, other.Failure)
	}
}

// TestWorkersAskOfOneCache: questions that differ in their key go to the worker that has their
// context, though others are free, and are asked of the cache that the first has built.
func TestWorkersAskOfOneCache(t *testing.T) {
	gate := make(chan struct{})
	h := open(t, 2, gate)
	one := run.Request{Model: "a", Task: "MQ", Seed: 3, MaxNew: new(2), Config: sparse.Config{Method: "knorm", Values: sparse.Values{"budget": "1/4", "evict": "before"}}}
	alone := run.NewEngine(ops.Reference())
	if err := alone.AddFile("a", weights(t)); err != nil {
		t.Fatal(err)
	}
	one.Questions = []string{run.EachKey}
	questions, err := alone.Questions(one)
	if err != nil || len(questions) != 4 {
		t.Fatalf("%d questions: %v", len(questions), err)
	}
	answers := make([]figures.Answered, len(questions))
	ask := func(i int) {
		r, err := h.Ask(t.Context(), questions[i])
		if err != nil {
			t.Error(err)
		}
		answers[i] = figures.Answered{Key: questions[i].Key, Result: r}
	}
	var busy sync.WaitGroup
	for n, do := range []func(){func() { _ = h.Run(t.Context(), needle("a", 1), &trace.Run{}) }, func() { ask(0) }} {
		busy.Go(do)
		for asked := 0; asked <= n; time.Sleep(time.Millisecond) {
			h.Workers.mu.Lock()
			asked = h.asks
			h.Workers.mu.Unlock()
		}
	}
	close(gate)
	busy.Wait()
	for i := 1; i < len(questions); i++ {
		ask(i)
	}
	if got := figures.AnswersOf(answers); !got.Same || got.Built != 1 || len(h.ports[1].asked) != 4 {
		t.Errorf("%s; the second worker was asked %d times", got.Evidence(), len(h.ports[1].asked))
	}
}

// TestWorkersAsk: what comes of a run is what it says itself, and a refusal has its field.
func TestWorkersAsk(t *testing.T) {
	h := open(t, 1, nil)
	var r trace.Run
	if err := h.Run(t.Context(), needle("a", 3), &r); err != nil {
		t.Fatal(err)
	}
	got, err := h.Ask(t.Context(), needle("a", 3))
	if err != nil || got.Answer != r.Done.Answer || got.Score == nil || *got.Score != r.Done.Score {
		t.Errorf("%+v %v, the run answered %q with %v", got, err, r.Done.Answer, r.Done.Score)
	}
	if _, err := h.Ask(t.Context(), run.Request{Model: "a", Task: "S-9"}); input.Field(err) != "task" {
		t.Errorf("a task that is not there: %v", err)
	}
}

// deaf is a worker that never answers by itself.
type deaf struct{}

func (deaf) Post(api.Ask) {}
func (deaf) Close()       {}

// TestWorkersRunWhereTheModelComes: a run goes to the worker that is loading its model, even
// where another has nothing to do: that one would load it a second time.
func TestWorkersRunWhereTheModelComes(t *testing.T) {
	a, b := api.SiteFile{Name: "a"}, api.SiteFile{Name: "b"}
	w := NewWorkers(2, func(Listener) Port { return deaf{} }, nil, []api.SiteFile{a, b})
	post := func(ask api.Ask) (*worker, int) {
		t.Helper()
		at, _, err := w.post(&ask)
		if err != nil {
			t.Fatal(err)
		}
		return at, ask.ID
	}
	first, _ := post(api.Ask{Kind: api.AskLoad, File: a})
	second, id := post(api.Ask{Kind: api.AskLoad, File: b})
	second.Reply(api.Reply{ID: id, Kind: api.ReplyEnd}, nil)
	runA, runB := needle("a", 3), needle("b", 3)
	if at, _ := post(api.Ask{Kind: api.AskRun, Request: &runA}); at != first {
		t.Error("a run does not go where its model is being loaded")
	}
	if at, _ := post(api.Ask{Kind: api.AskRun, Request: &runB}); at != second {
		t.Error("a run does not go where its model is")
	}
}
