package widget

import (
	"math"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/paint"
)

// canvas shows a raster on a <canvas> of the page and hears its size and pointer.
// Sizes and places are in device pixels, scale of them to a CSS pixel.
type canvas struct {
	paint.Raster
	scale float64
	rem   float64 // pixels to a rem

	size                    size
	element, context, image app.Value
	release                 []func()
}

// open takes over the canvas below root. resized is called when its size is known
// and whenever it changes; pointer on every move, on a press and with ok false when
// the pointer leaves. Both come from outside go-app's own turn.
func (c *canvas) open(root app.Value, resized func(), pointer func(x, y float64, press, ok bool)) {
	c.element = root.Call("querySelector", "canvas")
	c.context = c.element.Call("getContext", "2d")
	on := func(event string, f func(app.Value)) {
		h := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
		c.element.Call("addEventListener", event, h)
		c.release = append(c.release, func() {
			c.element.Call("removeEventListener", event, h)
			h.Release()
		})
	}
	at := func(e app.Value) (x, y float64) {
		return e.Get("offsetX").Float() * c.scale, e.Get("offsetY").Float() * c.scale
	}
	on("pointermove", func(e app.Value) { x, y := at(e); pointer(x, y, false, true) })
	on("pointerdown", func(e app.Value) { x, y := at(e); pointer(x, y, true, true) })
	on("pointerleave", func(app.Value) { pointer(0, 0, false, false) })

	c.size.follow(c.element, resized)
	c.release = append(c.release, c.size.leave)
}

// close lets go of what open took.
func (c *canvas) close() {
	for _, f := range c.release {
		f()
	}
	c.release, c.element = nil, nil
}

// fit makes the raster as large as the canvas is on the screen, empty. It is false
// while the canvas has no size.
func (c *canvas) fit() bool {
	if c.element == nil || !c.size.known() {
		return false
	}
	c.scale = app.Window().Get("devicePixelRatio").Float()
	c.rem = c.size.rem * c.scale
	w, h := int(math.Round(c.size.w*c.scale)), int(math.Round(c.size.h*c.scale))
	if c.image == nil || w != c.W || h != c.H {
		c.element.Set("width", w)
		c.element.Set("height", h)
		c.image = c.context.Call("createImageData", w, h)
	}
	c.Reset(w, h)
	return true
}

// show puts the raster on the screen.
func (c *canvas) show() {
	app.CopyBytesToJS(c.image.Get("data"), c.Pix)
	c.context.Call("putImageData", c.image, 0, 0)
}
