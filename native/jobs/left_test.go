package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/native/store"
	"kvscope/web/api"
)

// TestCellsForNobody: a cell that no worker there can compute, of another version, with a
// parameter that it does not know or of a model that it has not, fails with the reason, and
// the others are computed.
func TestCellsForNobody(t *testing.T) {
	b := set(t, 300*time.Millisecond)
	want := cells(5)
	want[1].Version = "0.2.0"
	want[2].Params = `{"colour":"red"}`
	b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		if c.First == 30 {
			return nil, experiment.NotHere{Err: errors.New("model: no such one")}
		}
		return fast(ctx, c)
	})
	id := b.create(want)
	if s := b.until(id, "the end", over); s.Done != 2 || s.Failed != 3 {
		t.Errorf("%+v", s)
	}
	list, err := b.store.Failures(t.Context(), id)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, reason := range []string{`version: the cell is of "0.2.0", the worker of ""`, "colour", "no such one"} {
		if !strings.Contains(list[i].Error, "no worker here can compute it") || !strings.Contains(list[i].Error, reason) {
			t.Errorf("cell %d: %s, want one about %s", i, list[i].Error, reason)
		}
	}
}

// TestLeftToAnother: what one worker cannot compute waits for another that can, though it is
// busy for longer than a worker may be silent, and costs no try.
func TestLeftToAnother(t *testing.T) {
	b := set(t, 300*time.Millisecond)
	b.workOf("0.1.0", func(context.Context, experiment.Cell) (*experiment.Outcome, error) {
		return nil, errors.New("a cell of another version was computed")
	})
	begun, leave := make(chan bool, 100), make(chan bool)
	goOn := sync.OnceFunc(func() { close(leave) })
	defer goOn()
	b.workOf("0.2.0", func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		begun <- true
		<-leave
		return fast(ctx, c)
	})
	b.wait(func() bool { return len(b.d.Workers()) == 2 })
	want := cells(6)
	for i := range want {
		want[i].Version = "0.2.0"
	}
	id := b.create(want)
	<-begun
	time.Sleep(1500 * time.Millisecond)
	if s := b.until(id, "nothing", func(api.Status) bool { return true }); s.Done+s.Failed != 0 {
		t.Errorf("while the worker that can is busy: %+v", s)
	}
	goOn()
	if s := b.until(id, "the end", over); s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	b.exact(id, want)
}

// wait waits for something that no experiment tells of.
func (b *bench) wait(ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("waited in vain")
		}
	}
}

// TestOutcomeWithoutWords: an outcome that JSON cannot say fails its cell by its field.
func TestOutcomeWithoutWords(t *testing.T) {
	b := set(t, time.Minute)
	b.work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
		o, err := fast(ctx, c)
		o.LogLiks = make([]float64, c.Examples)
		o.LogLiks[3] = math.NaN()
		return o, err
	})
	id := b.create(cells(1))
	b.until(id, "the end", over)
	list, err := b.store.Failures(t.Context(), id)
	if err != nil || len(list) != 1 || list[0].Tries != store.MaxTries || !strings.Contains(list[0].Error, "expected_logliks: NaN") {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestUnreadableResult: a result that the dispatcher does not understand, as a worker of
// another build may send it, is a failed try of the cell that it names.
func TestUnreadableResult(t *testing.T) {
	b := set(t, time.Minute)
	want := cells(1)
	id := b.create(want)
	q := b.join()
	for try := range store.MaxTries {
		text, err := json.Marshal(map[string]any{"key": want[0].Key(), "try": fmt.Sprint(try), "worker": "w", "cell": map[string]string{"colour": "red"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := q.js.Publish(t.Context(), resultSubject, text); err != nil {
			t.Fatal(err)
		}
	}
	b.until(id, "the end", over)
	list, err := b.store.Failures(t.Context(), id)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Error, "cannot be read") || !strings.Contains(list[0].Error, "colour") {
		t.Errorf("%+v, %v", list, err)
	}
}
