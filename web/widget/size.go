package widget

import (
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// size is how large an element of the page is, in CSS pixels, as the browser tells once it
// has laid the page out. Who asks an element while the page is being changed makes the
// browser lay everything out there and then.
type size struct {
	w, h float64 // 0 until it is known
	rem  float64 // pixels to a rem, then

	stop func()
}

// follow keeps to an element's size. changed is called when it is known and whenever it is
// another, from outside go-app's own turn.
func (s *size) follow(element app.Value, changed func()) {
	observe := app.FuncOf(func(_ app.Value, args []app.Value) any {
		box := args[0].Index(0).Get("contentRect")
		s.w, s.h, s.rem = math.Round(box.Get("width").Float()), math.Round(box.Get("height").Float()), rem()
		changed()
		return nil
	})
	observer := app.Window().Get("ResizeObserver").New(observe)
	observer.Call("observe", element)
	s.stop = func() { observer.Call("disconnect"); observe.Release() }
}

// leave ends that.
func (s *size) leave() {
	if s.stop != nil {
		s.stop()
	}
}

// plot is width and height in the pixels that plots are made for.
func (s *size) plot() [2]float64 {
	larger := s.rem / plotRem
	return [2]float64{s.w / larger, s.h / larger}
}

// known reports whether the element has a size.
func (s *size) known() bool { return s.w > 0 && s.h > 0 }

// plotRem is the rem that plots are made for; on a larger screen they are drawn larger.
const plotRem = 15

// rem is how many CSS pixels the style sheet's rem has on this screen.
func rem() float64 {
	root := app.Window().Get("document").Get("documentElement")
	size := app.Window().Call("getComputedStyle", root).Get("fontSize").String()
	if px, err := strconv.ParseFloat(strings.TrimSuffix(size, "px"), 64); err == nil {
		return px
	}
	return 16
}
