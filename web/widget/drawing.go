package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Drawing shows a picture that is drawn anew for every size of its place.
type Drawing struct {
	app.Compo

	ID, Class, Label string
	Of               Sized // a pointer, which go-app finds equal to itself

	drawn Sized
	size  [2]float64
	stop  func()
}

// Sized is a picture of any size, in pixels.
type Sized interface{ SVG(w, h float64) string }

// OnMount draws, now and whenever the place changes.
func (d *Drawing) OnMount(ctx app.Context) {
	resized := app.FuncOf(func(app.Value, []app.Value) any { ctx.Dispatch(func(app.Context) { d.draw() }); return nil })
	observer := app.Window().Get("ResizeObserver").New(resized)
	observer.Call("observe", d.JSValue())
	d.stop = func() { observer.Call("disconnect"); resized.Release() }
	d.draw()
}

// OnDismount stops listening.
func (d *Drawing) OnDismount() {
	if d.stop != nil {
		d.stop()
	}
}

// OnUpdate draws what changed.
func (d *Drawing) OnUpdate(app.Context) { d.draw() }

func (d *Drawing) draw() {
	el := d.JSValue()
	size := [2]float64{el.Get("clientWidth").Float(), el.Get("clientHeight").Float()}
	if size[0] == 0 || size[1] == 0 || d.Of == nil || d.Of == d.drawn && size == d.size {
		return
	}
	larger := rem() / plotRem
	el.Set("innerHTML", d.Of.SVG(size[0]/larger, size[1]/larger))
	d.drawn, d.size = d.Of, size
}

// Render makes the place of the picture.
func (d *Drawing) Render() app.UI {
	return app.Div().Class("drawing "+d.Class).DataSet("testid", d.ID).Attr("role", "img").Aria("label", d.Label)
}
