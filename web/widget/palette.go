package widget

import (
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/paint"
)

// readPalette reads the colours that hold for an element of the page.
func readPalette(element app.Value) paint.Palette {
	style := app.Window().Call("getComputedStyle", element)
	return paletteOf(element, strings.TrimSpace(style.Call("getPropertyValue", "--scheme").String()) == "dark")
}

// paletteOf reads one of the two sets of colours that an element of the page has.
func paletteOf(element app.Value, dark bool) paint.Palette {
	style := app.Window().Call("getComputedStyle", element)
	look := func(name string) string { return style.Call("getPropertyValue", name).String() }
	p, err := paint.NewPalette(look, dark)
	if err != nil {
		app.Log("colours of the style sheet: ", err)
	}
	return p
}
