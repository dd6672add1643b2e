package app

import (
	"context"
	"time"
)

// leastFrame is the time from one drawing of components to the next at least: of several
// changes at once the page is drawn once.
const leastFrame = 8 * time.Millisecond

// start does what is dispatched and draws the components that this changes at once, so that
// a movement of the pointer shows in the frame in which the browser tells of it. The loop of
// the library, which the Makefile gives another name, draws by a clock: at its next tick,
// and so in a later frame. What follows a drawing is done before the browser has its turn
// again: a field must not be set to an older text than the one that is typed meanwhile.
func (e *engine) start(ctx context.Context) {
	e.startOnce.Do(func() {
		e.states.Cleanup()
		cleanups := time.NewTicker(time.Minute)
		defer cleanups.Stop()
		due := time.NewTimer(leastFrame)
		defer due.Stop()
		var drawn time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case <-cleanups.C:
				e.actions.closeUnusedHandlers()
				e.states.Cleanup()
				continue
			case d := <-e.dispatches:
				e.handleDispatch(d)
				if len(e.dispatches) > 0 {
					continue
				}
				if early := leastFrame - time.Since(drawn); early > 0 {
					due.Reset(early)
					continue
				}
			case <-due.C:
			}
			drawn = time.Now()
			e.handleFrame()
		}
	})
}
