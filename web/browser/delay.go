package browser

import (
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Delay calls a function once it has not been asked to for a while.
type Delay struct {
	call app.Func
	due  app.Value // the browser's number of the call, nil without one
}

// NewDelay returns a delay, which is to be let go.
func NewDelay(f func()) *Delay {
	d := &Delay{}
	d.call = app.FuncOf(func(app.Value, []app.Value) any { d.due = nil; f(); return nil })
	return d
}

// Ask asks for the call after a while, in place of one that was asked for before.
func (d *Delay) Ask(after time.Duration) {
	d.Stop()
	d.due = app.Window().Call("setTimeout", d.call, after.Milliseconds())
}

// Stop lets the call not come.
func (d *Delay) Stop() {
	if d.due != nil {
		app.Window().Call("clearTimeout", d.due)
		d.due = nil
	}
}

// Release lets the delay go.
func (d *Delay) Release() {
	d.Stop()
	d.call.Release()
}
