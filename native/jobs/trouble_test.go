package jobs

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"kvscope/web/api"
)

// TestQueueAway: an experiment that is made, paused, resumed or removed while the queue takes
// nothing is so, and nobody is told to ask again. It comes to its end with the queue.
func TestQueueAway(t *testing.T) {
	b := set(t, time.Second)
	js := b.join().js
	away := func() {
		t.Helper()
		if err := js.DeleteStream(t.Context(), cellStream); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Fatal(err)
		}
	}
	away()
	want := cells(10)
	id := b.create(want)
	for _, state := range []api.State{api.Paused, api.Running} {
		away()
		if err := b.d.SetState(t.Context(), id, state); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		b.until(id, string(state), func(s api.Status) bool { return s.State == state })
	}
	other := b.create(cells(20)[10:])
	away()
	if err := b.d.Remove(t.Context(), other); err != nil {
		t.Error(err)
	}
	b.work(fast)
	b.until(id, "the end", over)
	b.exact(id, want)
}
