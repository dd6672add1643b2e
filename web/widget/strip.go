package widget

import (
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// Strip shows the prompt as text, block by block, shaded. It is written once for a prompt;
// what changes later is one style property each. Tokens have elements of their own where they
// are marked, and all of them only where they are shaded or pressed one by one: a browser
// takes long to lay out a thousand elements.
type Strip struct {
	app.Compo

	ID     string
	Name   string // of the column
	Header *trace.Header
	Shade  *picture.Strip
	Block  int  // block pointed out, or -1
	Gold   int  // position the step in question copies from, or -1
	Show   int  // grows when the needle is to be scrolled to
	Tokens bool // tokens are pointed out and pressed, not blocks
	On     *Bus

	written *trace.Header
	fine    bool // written with an element for every token
	unit    int
	blocks  nodeList
	tokens  nodeList  // all of them, none where it is not fine
	values  []float32 // as last set, in units
	marked  int
	now     int
	shown   int
	within  int // block or token under the pointer, or -1
	release func()
	keys    keyboard
	at      int       // block or token that the keyboard is at
	reveals app.Value // what is to stand in the middle in the next frame
	asked   app.Value // the frame asked for, nil without one
	frame   app.Func
}

// OnMount listens to the pointer and writes the prompt.
func (s *Strip) OnMount(ctx app.Context) {
	s.marked, s.now, s.within, s.shown = -1, -1, -1, s.Show
	el := s.JSValue()
	over := app.FuncOf(func(_ app.Value, args []app.Value) any {
		s.point(ctx, args[0].Get("target"))
		return nil
	})
	el.Call("addEventListener", "pointerover", over)
	el.Call("addEventListener", "pointerleave", over)
	press := app.FuncOf(func(_ app.Value, args []app.Value) any {
		s.press(ctx, args[0].Get("target"))
		return nil
	})
	el.Call("addEventListener", "click", press)
	s.keys.open(el,
		func() { s.move(ctx, max(s.rest(), 0)) },
		func(key string) bool {
			if key == "Enter" && s.at < s.items().len() {
				s.press(ctx, s.items().at(s.at))
				return true
			}
			to, ok := beside(boxes(s.items().all()), s.at, key)
			if ok {
				s.move(ctx, to)
			}
			return ok
		},
		func() {
			el.Call("removeAttribute", "aria-activedescendant")
			s.items().toggle(s.at, "keyed", false)
			s.within = -1
			ctx.Dispatch(func(app.Context) { s.On.Do(state.Leave{}) })
		})
	s.frame = app.FuncOf(func(app.Value, []app.Value) any { s.centre(); return nil })
	s.release = func() {
		s.keys.close()
		if s.asked != nil {
			app.Window().Call("cancelAnimationFrame", s.asked)
		}
		s.frame.Release()
		el.Call("removeEventListener", "click", press)
		press.Release()
		el.Call("removeEventListener", "pointerover", over)
		el.Call("removeEventListener", "pointerleave", over)
		over.Release()
	}
	s.draw()
}

// OnDismount stops listening.
func (s *Strip) OnDismount() {
	if s.release != nil {
		s.release()
	}
}

// OnUpdate shows what changed.
func (s *Strip) OnUpdate(app.Context) { s.draw() }

// find is the block and the token that an element is of, -1 for none.
func find(target app.Value) (block, token int) {
	number := func(selector, name string) int {
		if at := target.Call("closest", selector); at.Truthy() {
			if n, err := strconv.Atoi(at.Get("dataset").Get(name).String()); err == nil {
				return n
			}
		}
		return -1
	}
	return number("[data-b]", "b"), number("[data-t]", "t")
}

// point tells which block, or token, the pointer is on, when that changes.
func (s *Strip) point(ctx app.Context, target app.Value) {
	block, token := find(target)
	at := block
	if s.Tokens {
		at = token
	}
	if at == s.within {
		return
	}
	s.within = at
	var do state.Action = state.Leave{}
	switch {
	case at >= 0 && s.Tokens:
		do = state.PointToken{Token: token, Block: block}
	case at >= 0:
		do = state.Point{Block: block, Line: state.None}
	}
	s.On.Soon(ctx, do)
}

// press holds what is pressed.
func (s *Strip) press(ctx app.Context, target app.Value) {
	block, token := find(target)
	switch {
	case token >= 0 && s.Tokens:
		ctx.Dispatch(func(app.Context) { s.On.Do(state.ChooseToken{Token: token, Block: block}) })
	case block >= 0 && !s.Tokens:
		ctx.Dispatch(func(app.Context) { s.On.Do(state.Choose{Line: state.None, Block: block}) })
	}
}

// items are the elements that the keyboard goes through.
func (s *Strip) items() *nodeList {
	if s.Tokens {
		return &s.tokens
	}
	return &s.blocks
}

// rest is where the keyboard begins, or -1.
func (s *Strip) rest() int {
	if s.Tokens || s.Block < 0 && s.Header == nil {
		return s.Gold
	}
	if s.Block < 0 && s.Gold >= 0 {
		return s.Gold / s.block()
	}
	return s.Block
}

// move takes the keyboard to a block or token, and points at it.
func (s *Strip) move(ctx app.Context, to int) {
	items := s.items()
	if to >= items.len() {
		return
	}
	const current = "id" // what aria-activedescendant names
	if s.at < items.len() {
		items.toggle(s.at, "keyed", false)
		items.at(s.at).Call("removeAttribute", current)
	}
	s.at, s.within = to, -1
	id := "strip-at-" + s.ID
	items.at(to).Set(current, id)
	items.toggle(to, "keyed", true)
	s.JSValue().Call("setAttribute", "aria-activedescendant", id)
	s.reveal(items.at(to))
	s.point(ctx, items.at(to))
}

func (s *Strip) draw() {
	if s.Header == nil {
		return
	}
	if s.Header != s.written || s.finely() != s.fine {
		if !samePrompt(s.Header, s.written) || s.finely() != s.fine {
			s.JSValue().Call("setAttribute", "aria-busy", "true")
			s.On.InTurn(s.rewrite)
			return
		}
		s.written = s.Header
	}
	s.shade()
	s.mark()
	if s.Show != s.shown {
		s.shown = s.Show
		s.scroll()
	}
}

// rewrite writes the prompt, in a frame of its own, with what is said of it, and scrolls to
// the needle.
func (s *Strip) rewrite() {
	if !s.Mounted() || s.Header == nil {
		return
	}
	s.JSValue().Call("removeAttribute", "aria-busy")
	s.write()
	s.draw()
	if s.asked != nil {
		app.Window().Call("cancelAnimationFrame", s.asked)
		s.centre()
	}
}

// samePrompt reports whether two runs' prompts look alike: writing a long one takes
// the browser longer than all the rest of showing a run.
func samePrompt(a, b *trace.Header) bool {
	return b != nil && a.Block == b.Block && slices.Equal(a.Tokens, b.Tokens) && slices.Equal(a.Gold, b.Gold) && slices.Equal(a.Needles, b.Needles)
}

// finely reports whether every token has an element of its own.
func (s *Strip) finely() bool { return s.Tokens || s.Shade != nil && s.Shade.Unit < s.block() }

// write makes the elements of the prompt.
func (s *Strip) write() {
	el := s.JSValue()
	s.fine = s.finely()
	el.Set("innerHTML", promptHTML(s.Header, s.Tokens, s.fine))
	s.blocks, s.tokens = findAll(el, "[data-b]"), nodeList{}
	if s.fine {
		s.tokens = findAll(el, "[data-t]")
	}
	s.written, s.values, s.unit, s.marked, s.now = s.Header, nil, 0, -1, -1
	s.scroll()
}

// shade sets the shading of every block or token whose value changed.
func (s *Strip) shade() {
	var values []float32
	unit, at, block := s.block(), &s.blocks, s.block()
	if s.Shade != nil {
		values, unit = s.Shade.Values, s.Shade.Unit
	}
	if unit < block {
		at = &s.tokens
	}
	if unit != s.unit {
		for i, v := range s.values {
			if v != 0 && s.unit > 0 {
				s.element(s.unit, i).Get("style").Call("removeProperty", "--v")
			}
		}
		s.JSValue().Get("classList").Call("toggle", "tokens", unit < block)
		s.unit, s.values = unit, nil
	}
	if len(s.values) != at.len() {
		s.values = make([]float32, at.len())
	}
	for i := range s.values {
		var v float32
		if i < len(values) {
			v = values[i]
		}
		if v != s.values[i] {
			s.values[i] = v
			at.at(i).Get("style").Call("setProperty", "--v", number.Decimals(float64(v), 3))
		}
	}
}

func (s *Strip) block() int { return max(1, s.Header.Block) }

// element is the one that a value of a unit shades.
func (s *Strip) element(unit, i int) app.Value {
	if unit < s.block() {
		return s.tokens.at(i)
	}
	return s.blocks.at(i)
}

// mark points out a block and the token in question.
func (s *Strip) mark() {
	s.blocks.toggle(s.marked, "on", false)
	s.toggleNow(false)
	s.marked, s.now = s.Block, s.Gold
	s.blocks.toggle(s.marked, "on", true)
	s.toggleNow(true)
	if s.Block >= 0 && s.Block < s.blocks.len() && s.within < 0 {
		s.reveal(s.blocks.at(s.Block))
	}
}

// toggleNow marks the token in question, or takes the mark away.
func (s *Strip) toggleNow(on bool) {
	if s.now < 0 {
		return
	}
	if e := s.JSValue().Call("querySelector", `[data-t="`+strconv.Itoa(s.now)+`"]`); e.Truthy() {
		e.Get("classList").Call("toggle", "now", on)
	}
}

// scroll brings the needle asked for, or the gold, to the middle.
func (s *Strip) scroll() {
	if e := s.JSValue().Call("querySelector", ".asked, .gold"); e.Truthy() {
		s.reveal(e)
	}
}

// reveal scrolls the strip, and nothing around it, so that e stands in its middle: in the
// next frame, since whoever asks for places while the page is changed makes the browser lay
// it out there and then.
func (s *Strip) reveal(e app.Value) {
	s.reveals = e
	if s.asked == nil {
		s.asked = app.Window().Call("requestAnimationFrame", s.frame)
	}
}

// centre does what reveal asked for.
func (s *Strip) centre() {
	e, el := s.reveals, s.JSValue()
	s.asked = nil
	box, in := e.Call("getBoundingClientRect"), el.Call("getBoundingClientRect")
	top, height := box.Get("top").Float()-in.Get("top").Float(), in.Get("height").Float()
	if top > 0.08*height && top+box.Get("height").Float() < 0.92*height {
		return
	}
	el.Set("scrollTop", el.Get("scrollTop").Float()+top-height/2+box.Get("height").Float()/2)
}

// Render makes the place that the prompt is written into.
func (s *Strip) Render() app.UI {
	place := app.Div().Class("strip").
		DataSet("testid", "strip-"+s.ID).
		Attr("role", "listbox").
		Aria("label", landmark("the prompt of "+s.Name, s.ID)).
		TabIndex(0)
	if s.On.still() {
		place.Body(s.still())
	}
	return place
}
