package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Drawing shows a picture that is drawn anew for every size of its place.
type Drawing struct {
	app.Compo

	ID, Class, Label string
	Of               Sized // a pointer, which go-app finds equal to itself

	size    size
	drawn   Sized
	drawnAt [2]float64
}

// Sized is a picture of any size, in pixels.
type Sized interface{ SVG(w, h float64) string }

// OnMount draws, now and whenever the place changes.
func (d *Drawing) OnMount(ctx app.Context) {
	d.size.follow(d.JSValue(), func() { ctx.Dispatch(func(app.Context) { d.draw() }) })
}

// OnDismount stops listening.
func (d *Drawing) OnDismount() { d.size.leave() }

// OnUpdate draws what changed.
func (d *Drawing) OnUpdate(app.Context) { d.draw() }

func (d *Drawing) draw() {
	at := d.size.plot()
	if !d.size.known() || d.Of == nil || d.Of == d.drawn && at == d.drawnAt {
		return
	}
	d.JSValue().Set("innerHTML", d.Of.SVG(at[0], at[1]))
	d.drawn, d.drawnAt = d.Of, at
}

// Render makes the place of the picture.
func (d *Drawing) Render() app.UI {
	return app.Div().Class("drawing "+d.Class).DataSet("testid", d.ID).Attr("role", "img").Aria("label", d.Label)
}
