package jobs

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

// TestBusyWorkerIsThere: a worker says that it is there while it computes a cell.
func TestBusyWorkerIsThere(t *testing.T) {
	b := set(t, time.Minute)
	q := b.join()
	heard := make(chan bool, 100)
	_, err := q.conn.Subscribe(presenceSubject, func(msg *nats.Msg) {
		var p api.Presence
		if err := json.Unmarshal(msg.Data, &p); err != nil {
			t.Error(err)
		}
		if p.Cell != "" {
			heard <- true
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	leave := make(chan bool)
	goOn := sync.OnceFunc(func() { close(leave) })
	defer goOn()
	b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		<-leave
		return fast(ctx, c)
	})
	id := b.create(cells(1))
	for n := range 3 {
		select {
		case <-heard:
		case <-time.After(workerGone / 2):
			t.Fatalf("silent after it was heard of %d times", n)
		}
	}
	goOn()
	b.until(id, "the end", over)
}

// TestResultIsKept: a worker whose result is not taken keeps its cell from others and tells
// its result until it is, for longer than one that is told to stop does. That one gives up.
func TestResultIsKept(t *testing.T) {
	b := set(t, time.Minute) // its dispatcher is not used
	q := b.join()
	const ackWait = 2 * time.Second // well above what a busy machine keeps a worker silent
	if err := q.remake(t.Context(), ackWait); err != nil {
		t.Fatal(err)
	}
	if err := q.js.DeleteStream(t.Context(), resultStream); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	var stops []func()
	for range 2 {
		w := NewWorker(b.join(), "", func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
			calls.Add(1)
			return fast(ctx, c)
		}, quiet())
		w.grace = 50 * time.Millisecond
		stops = append(stops, b.start(func(ctx context.Context) { w.Run(ctx) }))
	}
	want := cells(2)
	if err := q.put(t.Context(), "x", want[0]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	if n := calls.Load(); n != 1 {
		t.Errorf("computed %d times while its result was not taken", n)
	}
	if err := q.setUp(t.Context(), ackWait); err != nil {
		t.Fatal(err)
	}
	results, err := q.js.Stream(t.Context(), resultStream)
	if err != nil {
		t.Fatal(err)
	}
	b.wait(func() bool {
		info, err := results.Info(t.Context())
		return err == nil && info.State.LastSeq == 1
	})
	if n := calls.Load(); n != 1 {
		t.Errorf("computed %d times", n)
	}
	if err := q.js.DeleteStream(t.Context(), resultStream); err != nil {
		t.Fatal(err)
	}
	if err := q.put(t.Context(), "x", want[1]); err != nil {
		t.Fatal(err)
	}
	b.wait(func() bool { return calls.Load() == 2 })
	began := time.Now()
	for _, stop := range stops {
		stop()
	}
	if took := time.Since(began); took > tellGrace/2 {
		t.Errorf("told to stop, it took %v", took)
	}
}
