package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/native/store"
	"kvscope/web/api"
)

// workerURL in the environment makes the test binary a worker process.
const workerURL = "KVSCOPE_TEST_WORKER"

func TestMain(m *testing.M) {
	url := os.Getenv(workerURL)
	if url == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	q, err := Connect(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	done, failed := NewWorker(q, "", slow, quiet()).Run(ctx)
	q.Close()
	fmt.Println(done, failed)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// slow takes its time; what it comes to depends on the cell alone.
func slow(_ context.Context, c experiment.Cell) (*experiment.Outcome, error) {
	time.Sleep(time.Duration(5+c.First%20) * time.Millisecond)
	return fast(context.Background(), c)
}

// tested is the model of cells.
func tested() []run.ModelInfo {
	return []run.ModelInfo{{Name: "m", Arch: "attention", Hash: "h", Layers: 1, Heads: 1}}
}

func fast(_ context.Context, c experiment.Cell) (*experiment.Outcome, error) {
	o := &experiment.Outcome{Kernels: "test", Arch: "attention", Layers: 1, Heads: 1, Hits: []int{c.First % 7}, Seconds: 0.01}
	for i := range c.Examples {
		o.Scores = append(o.Scores, float64((c.First+i)%3)/2)
		o.Depths = append(o.Depths, 0.5)
	}
	return o, nil
}

func cells(n int) []experiment.Cell {
	out := make([]experiment.Cell, n)
	for i := range out {
		out[i] = experiment.Cell{Model: "m", ModelHash: "h", Task: "S-1", Method: "quest", Selector: "own", Params: `{"budget":"1/4"}`, Context: 256, First: 10 * i, Examples: 10}
	}
	return out
}

// bench is a store and an embedded queue with a dispatcher.
type bench struct {
	t     *testing.T
	store *store.Store
	queue *Embedded
	// of the queue
	folder string
	join   func() *Queue // connects to the queue
	d      *Dispatcher
}

func set(t *testing.T, ackWait time.Duration) *bench {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "kvscope.db"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Embed(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close(); s.Close() })
	b := &bench{t: t, store: s, queue: e, folder: filepath.Join(dir, "queue")}
	b.join = b.connect
	b.d = b.dispatch(ackWait)
	return b
}

// dispatch starts a dispatcher that ends with the test.
func (b *bench) dispatch(ackWait time.Duration) *Dispatcher {
	b.t.Helper()
	q := b.join()
	d, err := NewDispatcher(b.t.Context(), b.store, q, Options{Models: tested, AckWait: ackWait, Log: quiet()})
	if err != nil {
		b.t.Fatal(err)
	}
	b.start(func(ctx context.Context) {
		if err := d.Run(ctx); err != nil {
			b.t.Error(err)
		}
	})
	return d
}

func (b *bench) connect() *Queue {
	b.t.Helper()
	q, err := b.queue.Connect()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(q.Close)
	return q
}

// start runs f until the test is over or stop is called, which waits for its end.
func (b *bench) start(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f(ctx) })
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	b.t.Cleanup(stop)
	return stop
}

func (b *bench) work(m Measure) (stop func()) { return b.workOf("", m) }

// workOf adds a worker of a version of the program.
func (b *bench) workOf(version string, m Measure) (stop func()) {
	w := NewWorker(b.join(), version, m, quiet())
	return b.start(func(ctx context.Context) { w.Run(ctx) })
}

func (b *bench) create(list []experiment.Cell) string {
	b.t.Helper()
	e, err := b.d.Create(b.t.Context(), "test", experiment.Grid{}, list)
	if err != nil {
		b.t.Fatal(err)
	}
	return e.ID
}

// until waits for an experiment to be as wanted.
func (b *bench) until(id string, what string, ok func(api.Status) bool) api.Status {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 60*time.Second)
	defer cancel()
	changed := b.d.Watch(ctx)
	for {
		s, err := b.d.Status(ctx, id)
		if err != nil {
			b.t.Fatalf("waiting for %s: %v", what, err)
		}
		if ok(s) {
			return s
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			b.t.Fatalf("waited in vain for %s: %+v", what, s)
		}
	}
}

func over(s api.Status) bool { return s.Over }

// exact fails unless every cell is there once, with what it comes to.
func (b *bench) exact(id string, want []experiment.Cell) {
	b.t.Helper()
	got, err := b.store.Measured(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(got) != len(want) {
		b.t.Fatalf("%d cells, want %d", len(got), len(want))
	}
	for i, c := range want {
		o, _ := fast(b.t.Context(), c)
		if got[i].Cell != c || !slices.Equal(got[i].Outcome.Scores, o.Scores) || !slices.Equal(got[i].Outcome.Hits, o.Hits) {
			b.t.Errorf("cell %d is %+v", i, got[i])
		}
	}
}

// TestKilledWorkers: of two worker processes one is killed at a random moment, 20
// times, and another started. Nothing is lost and nothing counts twice. Moments are
// counted in cells, so that on a busy machine too every one of them is on the way.
func TestKilledWorkers(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := set(t, time.Second)
	spawn := func() *exec.Cmd {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), workerURL+"="+b.queue.URL())
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	workers := []*exec.Cmd{spawn(), spawn()}
	t.Cleanup(func() {
		for _, w := range workers {
			w.Process.Kill()
			w.Wait()
		}
	})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	want := cells(400)
	id := b.create(want)
	const kills = 20
	at := 0
	for range kills {
		at += 1 + random.IntN(len(want)/kills-4)
		if s := b.until(id, "the next kill", func(s api.Status) bool { return s.Done >= at }); s.Over {
			t.Fatalf("over before the last kill: %+v", s)
		}
		time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond) // somewhere within a cell
		i := random.IntN(len(workers))
		if err := workers[i].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		workers[i].Wait() // says that it was killed
		workers[i] = spawn()
	}
	s := b.until(id, "the end", over)
	if s.Done != 400 || s.Failed != 0 || s.ExamplesDone != 4000 || math.Abs(s.Seconds-4) > 1e-9 {
		t.Errorf("%+v", s)
	}
	b.exact(id, want)
}

// TestToldToStop: a worker that is told to stop finishes its cell.
func TestToldToStop(t *testing.T) {
	b := set(t, time.Minute) // nobody else gets the cell in time
	begun, leave := make(chan bool), make(chan bool)
	var calls atomic.Int32
	stop := b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		calls.Add(1)
		begun <- true
		<-leave
		return fast(ctx, c)
	})
	want := cells(2)
	id := b.create(want)
	<-begun
	go func() { time.Sleep(50 * time.Millisecond); close(leave) }()
	stop()
	b.until(id, "the cell that was begun", func(s api.Status) bool { return s.Done == 1 })
	if n := calls.Load(); n != 1 {
		t.Errorf("%d cells begun", n)
	}
	b.work(fast)
	b.until(id, "the rest", over)
	b.exact(id, want)
}

// TestPoisonedCell: a cell that always fails is tried three times, and the others
// are computed. With the cause gone, resuming computes it too.
func TestPoisonedCell(t *testing.T) {
	b := set(t, time.Second)
	var tries atomic.Int32
	var cured atomic.Bool
	b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		if c.First == 30 && !cured.Load() {
			tries.Add(1)
			return nil, errors.New("budget: 4 tokens, want more than the 32 of the observation window")
		}
		return fast(ctx, c)
	})
	want := cells(10)
	id := b.create(want)
	if s := b.until(id, "the end", over); s.Done != 9 || s.Failed != 1 || tries.Load() != 3 {
		t.Errorf("%+v after %d tries", s, tries.Load())
	}
	fails, err := b.store.Failures(t.Context(), id)
	if err != nil || len(fails) != 1 || !strings.Contains(fails[0].Error, "observation window") || fails[0].Cell.First != 30 {
		t.Errorf("%+v %v", fails, err)
	}
	cured.Store(true)
	if err := b.d.SetState(t.Context(), id, api.Running); err != nil {
		t.Fatal(err)
	}
	b.until(id, "the end", func(s api.Status) bool { return s.Done == 10 })
	b.exact(id, want)
}

// TestPauseAndResume: a paused experiment stops but for the cells at hand, another
// goes on, and both end with everything.
func TestPauseAndResume(t *testing.T) {
	b := set(t, time.Second)
	b.work(slow)
	first, second := cells(150), cells(300)[150:]
	a := b.create(first)
	b.until(a, "a start", func(s api.Status) bool { return s.Done >= 3 })
	if err := b.d.SetState(t.Context(), a, api.Paused); err != nil {
		t.Fatal(err)
	}
	other := b.create(second)
	b.until(other, "the other to go on", func(s api.Status) bool { return s.Done >= 10 })
	s := b.until(a, "the pause", func(s api.Status) bool { return s.State == api.Paused })
	if s.Done > 20 || s.Rate != 0 {
		t.Errorf("paused, and yet %+v", s)
	}
	if err := b.d.SetState(t.Context(), other, api.Cancelled); err != nil {
		t.Fatal(err)
	}
	if err := b.d.SetState(t.Context(), a, api.Running); err != nil {
		t.Fatal(err)
	}
	b.until(a, "the end", over)
	b.exact(a, first)
	if s, err := b.d.Status(t.Context(), other); err != nil || s.Over || s.State != api.Cancelled {
		t.Errorf("%+v %v", s, err)
	}
}

// TestSameCellsTwice: an experiment whose cells another one computes has them too,
// and what is known is not computed again.
func TestSameCellsTwice(t *testing.T) {
	b := set(t, time.Second)
	var calls atomic.Int32
	b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		calls.Add(1)
		return slow(ctx, c)
	})
	a, c := b.create(cells(60)), b.create(cells(80))
	// Off the queue for the one, they must come back for the other. Only those that a
	// worker had begun and the store has not heard of are computed again, however
	// many a busy machine makes of them.
	stored := b.until(c, "nothing", func(api.Status) bool { return true }).Done
	if err := b.d.SetState(t.Context(), a, api.Cancelled); err != nil {
		t.Fatal(err)
	}
	begun := int(calls.Load())
	b.until(c, "the end", over)
	b.exact(c, cells(80))
	n := calls.Load()
	if again := int(n) - 80; again > begun-stored {
		t.Errorf("%d cells computed again, %d were begun and not stored", again, begun-stored)
	}
	again := b.create(cells(80))
	if s, err := b.d.Status(t.Context(), again); err != nil || !s.Over {
		t.Errorf("%+v %v", s, err)
	}
	if calls.Load() != n {
		t.Error("computed again what was known")
	}
}

// TestComputedOnce: results that come while the queue is fed do not put their cells
// on it again.
func TestComputedOnce(t *testing.T) {
	b := set(t, time.Minute) // no cell is given to another for want of a sign
	var calls atomic.Int32
	for range 4 {
		b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
			calls.Add(1)
			return fast(ctx, c)
		})
	}
	want := cells(300)
	id := b.create(want)
	b.until(id, "the end", over)
	b.exact(id, want)
	if n := calls.Load(); n != 300 {
		t.Errorf("%d cells computed of 300", n)
	}
}

// TestDispatcherRestarts: a dispatcher that takes over from one that died knows what
// is left from the store.
func TestDispatcherRestarts(t *testing.T) {
	dir := t.TempDir()
	want := cells(60)
	id := ""
	for round := range 2 {
		s, err := store.Open(t.Context(), filepath.Join(dir, "kvscope.db"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Embed(filepath.Join(dir, "queue"))
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, store: s, queue: e}
		b.join = b.connect
		q := b.connect()
		d, err := NewDispatcher(t.Context(), s, q, Options{Models: tested, AckWait: time.Second, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		b.d = d
		stop := b.start(func(ctx context.Context) { d.Run(ctx) })
		if round == 0 {
			id = b.create(want)
		}
		idle := b.work(slow)
		if round == 0 {
			b.until(id, "a start", func(s api.Status) bool { return s.Done >= 5 })
		} else {
			b.until(id, "the end", over)
			b.exact(id, want)
		}
		idle()
		stop()
		q.Close()
		e.Close()
		s.Close()
	}
}

// TestRefusingQueue: a stream that is there and takes nothing, as after a full disk, is
// said to be so, made anew, and the experiment comes to its end with everything. The
// stream is sealed here, which like that error only its making anew ends.
func TestRefusingQueue(t *testing.T) {
	b := set(t, time.Second)
	b.work(slow)
	want := cells(120)
	id := b.create(want)
	b.until(id, "a start", func(s api.Status) bool { return s.Done >= 5 })
	js := b.join().js
	stream, err := js.Stream(t.Context(), resultStream)
	if err != nil {
		t.Fatal(err)
	}
	sealed := stream.CachedInfo().Config
	sealed.Sealed, sealed.AllowDirect = true, false
	if _, err := js.UpdateStream(t.Context(), sealed); err != nil {
		t.Fatal(err)
	}
	b.until(id, "word of the trouble", func(s api.Status) bool { return strings.Contains(s.Trouble, "sealed") })
	s := b.until(id, "the end", over)
	if s.Done != len(want) || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	b.exact(id, want)
	if why := b.d.Trouble(); why != "" {
		t.Errorf("still troubled: %s", why)
	}
}

// TestForgedResults: what no worker can have come to is a failed try of its cell, which
// says so, and breaks nothing that is read later.
func TestForgedResults(t *testing.T) {
	b := set(t, time.Second)
	want := cells(4)
	id := b.create(want)
	q := b.join()
	for i, forge := range []func(*result){
		func(r *result) { r.Outcome.Scores = nil },
		func(r *result) { r.Outcome.Layers, r.Outcome.Heads, r.Outcome.Hits = 0, 0, nil },
		func(r *result) { r.Outcome.Scores[0] = 1e308 },
		func(r *result) { r.Outcome = nil },
	} {
		o, _ := fast(t.Context(), want[i])
		for try := range store.MaxTries {
			r := result{Cell: want[i], Outcome: o, Try: fmt.Sprint(i, try), Worker: "forger"}
			forge(&r)
			if err := q.publish(t.Context(), r, func(error) {}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s := b.until(id, "the end", over); s.Done != 0 || s.Failed != 4 {
		t.Errorf("%+v", s)
	}
	list, err := b.store.Failures(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for i, field := range []string{"scores", "arch", "scores", "outcome"} {
		if !strings.Contains(list[i].Error, "cannot be: "+field) {
			t.Errorf("cell %d: %s, want one about %s", i, list[i].Error, field)
		}
	}
	if err := b.d.SetState(t.Context(), id, api.Running); err != nil {
		t.Fatal(err)
	}
	b.work(fast)
	b.until(id, "the true results", func(s api.Status) bool { return s.Done == 4 })
	b.exact(id, want)
}

func TestWorkersAreSeen(t *testing.T) {
	b := set(t, time.Second)
	b.work(slow)
	id := b.create(cells(40))
	b.until(id, "a rate", func(s api.Status) bool { return s.Workers == 1 && s.Rate > 0 && s.Left > 0 })
	if w := b.d.Workers(); w[0].PID != os.Getpid() {
		t.Errorf("%+v", w)
	}
}

// TestQueueNeedsItsSecret: another process of this machine cannot put results in.
func TestQueueNeedsItsSecret(t *testing.T) {
	b := set(t, time.Second)
	_, host, _ := strings.Cut(b.queue.URL(), "@")
	if q, err := Connect("nats://" + host); err == nil {
		q.Close()
		t.Error("connected without the secret")
	}
	q, err := Connect(b.queue.URL())
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
}
