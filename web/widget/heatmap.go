package widget

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/browser"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// AttentionMap shows the true attention of one head, queries down and keys across. A
// hand drags it and zooms with the wheel; what is seen moves at once, and the page
// hears of it when the hand rests.
type AttentionMap struct {
	app.Compo

	ID     string
	Head   *lens.HeadTensors
	Header *trace.Header
	View   MapView
	Query  int              // of the step looked at, or None
	Key    int              // position pointed out, or None
	Gold   int              // position that the step copies from, or -1
	Picked *trace.Selection // of the step, or nil
	Dark   bool
	Shown  *Shown
	On     *Bus

	ctx     app.Context
	screen  *mapScreen
	view    MapView // as last taken over
	dark    bool
	hover   [2]int // query and key under the pointer, None
	row     []float32
	rowOf   int
	told    [2]int // query and key that are read out
	legend  string
	frames  int // drawn
	frame   app.Func
	asked   app.Value      // the frame asked for, nil without one
	resting *browser.Delay // until the hand rests
	release []func()
	drag    struct {
		on, moved bool
		x, y      float64
	}
}

// None is no position.
const None = state.None

// frameTime is the most time that a frame takes, in milliseconds, of the 33 that 30 frames a
// second leave.
const frameTime = 14

// OnMount takes over the canvas.
func (a *AttentionMap) OnMount(ctx app.Context) {
	a.ctx, a.hover, a.rowOf = ctx, [2]int{None, None}, None
	element := a.JSValue().Call("querySelector", "canvas")
	a.screen = &mapScreen{element: element, context: element.Call("getContext", "2d")}
	a.frame = app.FuncOf(func(app.Value, []app.Value) any { a.asked = nil; a.draw(); return nil })
	a.resting = browser.NewDelay(a.rest)
	listen := func(event string, f func(e app.Value)) {
		h := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
		element.Call("addEventListener", event, h, map[string]any{"passive": false})
		a.release = append(a.release, func() { element.Call("removeEventListener", event, h); h.Release() })
	}
	listen("pointerdown", a.onDown)
	listen("pointermove", a.onMove)
	listen("pointerup", a.onUp)
	listen("pointercancel", a.onUp)
	listen("pointerleave", func(app.Value) { a.leave() })
	listen("wheel", a.onWheel)
	listen("dblclick", func(app.Value) { a.do(state.SetOption{Name: MapOption}) })
	listen("keydown", a.onKey)
	a.screen.size.follow(element, a.ask)
	a.release = append(a.release, a.screen.size.leave, a.frame.Release, a.resting.Release)
	a.takeOver()
}

// OnDismount lets the canvas go.
func (a *AttentionMap) OnDismount() {
	for _, f := range a.release {
		f()
	}
	if a.asked != nil {
		app.Window().Call("cancelAnimationFrame", a.asked)
	}
	a.release, a.screen, a.asked = nil, nil, nil
}

// OnUpdate shows what changed.
func (a *AttentionMap) OnUpdate(app.Context) { a.takeOver() }

// takeOver brings the screen to what the fields say.
func (a *AttentionMap) takeOver() {
	s := a.screen
	if s == nil || a.Head == nil {
		return
	}
	if s.tiles == nil || s.tiles.head != a.Head || s.tiles.noSink != a.View.NoSink {
		s.tiles, a.rowOf = newMapTiles(a.Head, a.View.NoSink), None
	}
	if a.view.Frame != a.View.Frame {
		a.resting.Stop()
	}
	if a.view.Frame != a.View.Frame || s.cells != a.Head.Len() {
		s.mapFrame = newMapFrame(a.Head.Len(), max(1, s.mapFrame.w), max(1, s.mapFrame.h), a.View.Frame)
	}
	if s.table == nil || a.dark != a.Dark {
		s.palette = paletteOf(s.element, a.Dark)
		s.table = s.palette.Table()
	}
	s.tiles.colour(a.View.Linear, s.table)
	a.view, a.dark = a.View, a.Dark
	a.point()
}

// point shows what is pointed out: at once where nothing else is to be drawn, or with a frame.
func (a *AttentionMap) point() {
	switch m := a.marks(); {
	case a.screen == nil || !a.screen.stands(m):
		a.ask()
	case a.screen.marked != m:
		a.draw()
	default:
		a.explain() // to whoever saves the map now
	}
}

// ask asks for a frame.
func (a *AttentionMap) ask() {
	if a.asked == nil && a.screen != nil {
		a.asked = app.Window().Call("requestAnimationFrame", a.frame)
	}
}

// draw draws a frame, and asks for another while there is more to come.
func (a *AttentionMap) draw() {
	s := a.screen
	if s == nil || s.tiles == nil || !s.fit() {
		return
	}
	until := now() + frameTime
	w, h := s.place()
	s.mapFrame = newMapFrame(a.Head.Len(), w, h, s.frame()) // what is whole stays whole
	taken := s.tiles.take(now() + frameTime/2)
	s.tiles.colour(a.View.Linear, s.table) // in proportion to the heaviest of what is taken in
	complete := s.draw(a.marks(), until)
	data := a.JSValue().Get("dataset")
	data.Set("level", s.level)
	data.Set("frame", s.frame().String())
	data.Set("built", taken && complete)
	a.explain()
	a.frames++
	data.Set("frames", a.frames)
	a.readOut()
	if !taken || !complete {
		a.ask()
	}
}

// marks are the places that are pointed out on the map.
func (a *AttentionMap) marks() mapMarks {
	key := a.hover[1]
	if key == None {
		key = a.Key
	}
	return mapMarks{query: a.hover[0], key: key, step: a.Query, gold: a.Gold, prompt: a.Head.Prompt, picked: a.Picked}
}

// paintIn paints all that is seen of the map in a set of colours, however long it takes: at
// least as large as a saved picture is to be, or as it is on the page.
func (a *AttentionMap) paintIn(dark, kept bool) {
	s := a.screen
	if !s.fit() {
		return
	}
	if kept {
		s.enlarge(keptMap)
	}
	w, h := s.place()
	s.mapFrame = newMapFrame(a.Head.Len(), w, h, s.frame())
	s.palette = paletteOf(s.element, dark)
	s.table = s.palette.Table()
	s.tiles.take(math.Inf(1))
	s.tiles.colour(a.View.Linear, s.table)
	s.draw(a.marks(), math.Inf(1))
	a.explain()
}

// keptMap is the least side of a saved map in pixels.
const keptMap = 560

// place is where the pointer is on the map.
func (a *AttentionMap) place(e app.Value) (x, y float64) {
	return e.Get("offsetX").Float()*a.screen.scale - a.screen.left, e.Get("offsetY").Float()*a.screen.scale - a.screen.top
}

func (a *AttentionMap) onDown(e app.Value) {
	a.drag.on, a.drag.moved = true, false
	a.drag.x, a.drag.y = a.place(e)
	a.screen.element.Call("setPointerCapture", e.Get("pointerId"))
}

func (a *AttentionMap) onMove(e app.Value) {
	x, y := a.place(e)
	if a.drag.on {
		dx, dy := x-a.drag.x, y-a.drag.y
		if a.drag.moved || dx*dx+dy*dy > 9*a.screen.scale*a.screen.scale {
			a.drag.moved, a.drag.x, a.drag.y = true, x, y
			a.screen.pan(dx, dy)
		}
		a.ask()
		return
	}
	query, key, ok := a.screen.find(x, y)
	if !ok || key > query {
		a.leave()
		return
	}
	if a.hover == [2]int{query, key} {
		return
	}
	a.hover = [2]int{query, key}
	a.point() // before the page is drawn with what is pointed out
	a.do(state.PointToken{Token: key, Block: key / max(1, a.Header.Block)})
}

func (a *AttentionMap) leave() {
	if a.drag.on || a.hover == [2]int{None, None} {
		return
	}
	a.hover = [2]int{None, None}
	a.point()
	a.do(state.Leave{})
}

func (a *AttentionMap) onUp(app.Value) {
	if !a.drag.on {
		return
	}
	a.drag.on = false
	if a.drag.moved {
		a.rest()
		return
	}
	if a.hover[1] != None {
		a.do(state.ChooseToken{Token: a.hover[1], Block: a.hover[1] / max(1, a.Header.Block)})
	}
}

func (a *AttentionMap) onWheel(e app.Value) {
	e.Call("preventDefault")
	x, y := a.place(e)
	delta := e.Get("deltaY").Float()
	if e.Get("deltaMode").Int() == 1 {
		delta *= 16 // lines
	}
	a.zoom(x, y, math.Exp2(-delta/240))
}

func (a *AttentionMap) zoom(x, y, factor float64) {
	a.screen.zoom(x, y, factor)
	a.ask()
	a.resting.Ask(200 * time.Millisecond)
}

// onKey moves the map when it has the keyboard.
func (a *AttentionMap) onKey(e app.Value) {
	s := a.screen
	step := s.mapFrame.h / 8
	switch e.Get("key").String() {
	case "ArrowLeft":
		s.pan(step, 0)
	case "ArrowRight":
		s.pan(-step, 0)
	case "ArrowUp":
		s.pan(0, step)
	case "ArrowDown":
		s.pan(0, -step)
	case "+", "=":
		s.zoom(s.mapFrame.w/2, s.mapFrame.h/2, 1.5)
	case "-":
		s.zoom(s.mapFrame.w/2, s.mapFrame.h/2, 1/1.5)
	default:
		return
	}
	e.Call("preventDefault")
	e.Call("stopPropagation")
	a.ask()
	a.rest()
}

// rest tells the page what is seen now.
func (a *AttentionMap) rest() {
	if a.screen != nil {
		a.do(state.SetOption{Name: MapOption, Value: a.screen.frame().String()})
	}
}

func (a *AttentionMap) do(action state.Action) { a.On.Soon(a.ctx, action) }

// readOut writes what is under the crosshair: the weight itself, whatever the level
// that is drawn, and the heaviest keys of its query.
func (a *AttentionMap) readOut() {
	query, key := a.hover[0], a.hover[1]
	if query == None {
		query, key = a.Query, a.Key
	}
	if query == None || query >= a.Head.Len() {
		query = a.Head.Len() - 1
	}
	at := [2]int{query, key}
	if query == a.rowOf && at == a.told {
		return
	}
	a.told = at
	if query != a.rowOf {
		a.row = append(a.row[:0], make([]float32, query+1)...)
		a.Head.Row(ops.Reference(), a.row, query)
		a.rowOf = query
	}
	var b strings.Builder
	line := func(name, value string) {
		fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>", name, html.EscapeString(value))
	}
	data := a.JSValue().Get("dataset")
	line("query", fmt.Sprintf("%d %s", query, a.label(query)))
	if key >= 0 && key <= query {
		w := number.Digits(float64(a.row[key]), 4)
		line("key", fmt.Sprintf("%d %s", key, a.label(key)))
		line("weight", w)
		data.Set("weight", w)
		data.Set("key", key)
	} else {
		data.Set("weight", "")
		data.Set("key", "")
	}
	data.Set("query", query)
	b.WriteString(`<dt class="title">heaviest keys</dt>`)
	for _, i := range figures.Top(a.row, 6) {
		line(fmt.Sprintf("%d %s", i, html.EscapeString(a.label(i))), number.Mass(a.row[i]))
	}
	a.JSValue().Call("querySelector", ".map-readout").Set("innerHTML", b.String())
}

// explain writes the legend, whose scale depends on what is seen.
func (a *AttentionMap) explain() {
	colours := a.screen.tiles.scale
	scale := MapScale{
		From: number.Digits(float64(colours.Value(0)), 2), To: number.Digits(float64(colours.Value(1)), 2),
		Linear: a.View.Linear, Cell: 1 << a.screen.level,
	}
	if a.Shown != nil {
		a.Shown.canvas, a.Shown.Scale, a.Shown.dark, a.Shown.paint = a.screen.element, scale, a.Dark, a.paintIn
	}
	if text := MapLegend(scale, a.Query != None, a.Gold >= 0, a.Picked != nil).HTML(); text != a.legend {
		a.legend = text
		a.JSValue().Call("querySelector", ".legend").Set("innerHTML", text)
	}
}

// label is the token of a position.
func (a *AttentionMap) label(p int) string {
	if p < len(a.Header.Tokens) {
		return "“" + picture.Label(a.Header.Tokens[p]) + "”"
	}
	return "answer"
}

// Render makes the places of map and readout.
func (a *AttentionMap) Render() app.UI {
	n := 0
	if a.Head != nil {
		n = a.Head.Len()
	}
	return app.Div().Class("map").DataSet("testid", "map-"+a.ID).DataSet("positions", n).DataSet("linear", a.View.Linear).DataSet("nosink", a.View.NoSink).Body(
		app.Canvas().TabIndex(0).Attr("role", "img").
			Aria("label", fmt.Sprintf("attention of %d queries to as many keys; drag to move, wheel to zoom, arrows and plus and minus when it has the keyboard", n)),
		app.Div().Class("map-side").Body(
			app.Div().Body(
				&Press{Label: "log", Title: "colours by logarithm (l)", Test: "log-" + a.ID, Pressed: !a.View.Linear, Do: state.Toggle{Name: LinearOption}, On: a.On},
				&Press{Label: "sink", Title: "with the first tokens (k)", Test: "sink-" + a.ID, Pressed: !a.View.NoSink, Do: state.Toggle{Name: NoSinkOption}, On: a.On},
				&Press{Label: "whole", Title: "the whole map (0)", Test: "whole-" + a.ID, Pressed: a.View.Frame == (Frame{}), Do: state.SetOption{Name: MapOption}, On: a.On}),
			app.Dl().Class("map-readout figures").Aria("live", "off")),
		app.Div().Class("legend").Attr("role", "note").Aria("label", "legend").DataSet("testid", "legend-map-"+a.ID))
}
