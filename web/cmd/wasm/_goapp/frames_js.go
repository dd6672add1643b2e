package app

import (
	"context"
	"reflect"
	"runtime"
	"syscall/js"
	"time"
)

// leastFrame is the time from one drawing of components to the next at least: of several
// changes at once the page is drawn once.
const leastFrame = 8 * time.Millisecond

// mostTurn is after how long the browser has its turn, between two pieces of what is to be
// done: it paints, and hears of what happens.
const mostTurn = 16 * time.Millisecond

// drawn is the mode of what a component does once it is drawn anew, its OnUpdate. In the
// library's own mode for that, the component would be drawn a second time.
const drawn DispatchMode = -1

// start does what is dispatched and draws the components that this changes at once, so that
// a movement of the pointer shows in the frame in which the browser tells of it. The loop of
// the library, which the Makefile gives another name, draws by a clock: at its next tick,
// and so in a later frame. It also clears states of its own out of the browser's storage, of
// which there are none here, and which a browser may forbid.
func (e *engine) start(ctx context.Context) {
	e.startOnce.Do(func() {
		cleanups := time.NewTicker(time.Minute)
		defer cleanups.Stop()
		due := time.NewTimer(leastFrame)
		defer due.Stop()
		d := drawing{engine: e}
		turn := newTurn()
		for ctx.Err() == nil {
			if turn.over() && (len(e.dispatches) > 0 || d.underWay) {
				turn.give()
				continue // with what came meanwhile
			}
			if len(e.dispatches) == 0 && !d.underWay {
				runtime.Gosched() // what is known by now is drawn along
			}
			// What happened is heard of before anything is drawn: a field must not be set to an
			// older text than the one that was typed meanwhile.
			if len(e.dispatches) > 0 {
				d.hear(<-e.dispatches)
				continue
			}
			did, early := d.goOn()
			if did {
				continue
			}
			if early > 0 {
				due.Reset(early)
			}
			select {
			case <-ctx.Done():
			case <-due.C:
			case <-cleanups.C:
				e.actions.closeUnusedHandlers()
			case one := <-e.dispatches:
				turn.begin()
				d.hear(one)
				continue
			}
			turn.begin()
		}
	})
}

// drawing brings the page to what its components say: one component after the other, those
// that others are in first, then what each does once it is drawn.
type drawing struct {
	*engine
	began    time.Time // the last, or the one under way
	underWay bool
	after    []Dispatch // once all components are drawn
}

// hear does what is dispatched.
func (d *drawing) hear(one Dispatch) {
	switch {
	case one.Mode == drawn:
		for _, waits := range d.after {
			if waits.Source == one.Source {
				return
			}
		}
		d.after = append(d.after, one)
	case one.Function == nil: // of a component that is there for the first time, drawn already
	default:
		d.handleDispatch(one)
	}
}

// next is the component to be drawn next, nil for none.
func (d *drawing) next() (out Composer) {
	least := 0
	for c, may := range d.componentUpdates {
		if !c.Mounted() {
			delete(d.componentUpdates, c)
			continue
		}
		if depth := getComponentPriority(c); may && (out == nil || depth < least) {
			out, least = c, depth
		}
	}
	return out
}

// goOn does one piece of the drawing and reports whether there was one; where it is too early
// for the next drawing, for how long.
func (d *drawing) goOn() (did bool, early time.Duration) {
	if next := d.next(); next != nil {
		if !d.underWay {
			if early := leastFrame - time.Since(d.began); early > 0 {
				return false, early
			}
			d.began = time.Now()
		}
		d.underWay = true
		delete(d.componentUpdates, next)
		if err := next.updateRoot(); err != nil {
			panic(err)
		}
		return true, 0
	}
	if len(d.after) > 0 {
		one := d.after[0]
		d.after, d.underWay = d.after[1:], true
		one.do()
		return true, 0
	}
	d.underWay = false
	d.handleDeferables()
	return false, 0
}

// updateWith gives a component the fields of another and has it drawn in a piece of its own,
// where that changes it. The library's, which the Makefile gives another name, draws it within
// the drawing of what it is in.
func (c *Compo) updateWith(v UI) error {
	if c.self() == v || !c.take(v) {
		return nil
	}
	e := c.getDispatcher().(*engine)
	e.addComponentUpdate(c.this)
	if updater, ok := c.self().(Updater); ok {
		e.Dispatch(Dispatch{Mode: drawn, Source: c.self(), Function: updater.OnUpdate})
	}
	return nil
}

// take sets those exported fields that differ from the ones of v, and reports whether any did.
// A function is taken over, and is no change: whether it does something else cannot be told.
func (c *Compo) take(v UI) (changed bool) {
	to, from := reflect.ValueOf(c.self()).Elem(), reflect.ValueOf(v).Elem()
	for i := 0; i < to.NumField(); i++ {
		field := to.Type().Field(i)
		if !field.IsExported() || field.Type == reflect.TypeFor[Compo]() {
			continue
		}
		a, b := to.Field(i), from.Field(i)
		if field.Type.Kind() == reflect.Func {
			a.Set(b)
		} else if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			a.Set(b)
			changed = true
		}
	}
	return changed
}

// Emit does what an event is to do: once everything dispatched before is done, or at once where
// the browser has its turn, which waits no longer than for this. What an event does by itself,
// as the key Enter sends a form, would else have been done before anybody could prevent it. The
// library's, which the Makefile gives another name, only dispatches.
func (e *engine) Emit(src UI, do func()) {
	if !given {
		e.emitLater(src, do)
		return
	}
	Dispatch{Source: src, Function: func(Context) {
		do()
		c := getComponent(src)
		if may, asked := e.componentUpdates[c]; asked && !may {
			return
		}
		for ; c != nil; c = getComponent(c.getParent()) {
			e.addComponentUpdate(c)
		}
	}}.do()
}

// given is whether the page is half drawn and the browser has its turn.
var given bool

// turn is the page's own turn at the thread that it shares with the browser.
type turn struct {
	began time.Time
	port  js.Value
	heard chan struct{}
}

func newTurn() *turn {
	t := &turn{began: time.Now(), heard: make(chan struct{}, 1)}
	channel := js.Global().Get("MessageChannel").New()
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		t.heard <- struct{}{}
		return nil
	}))
	t.port = channel.Get("port2")
	return t
}

func (t *turn) begin() { t.began = time.Now() }

func (t *turn) over() bool { return time.Since(t.began) >= mostTurn }

// give lets the browser do what waits. A message of our own goes behind that; timers would
// take milliseconds. Meanwhile the page says of itself that it is half drawn.
func (t *turn) give() {
	given = true
	js.Global().Set("kvscopeHalfDrawn", true)
	t.port.Call("postMessage", js.Null())
	<-t.heard
	given = false
	js.Global().Set("kvscopeHalfDrawn", false)
	t.begin()
}
