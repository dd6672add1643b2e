package widget

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// rampStops is the number of colours that the sequential map is given by.
const rampStops = 9

// palette is the colours that canvases paint with.
type palette struct {
	ramp                             [rampStops]color.RGBA
	ground, gold, oracle, ink, edges color.RGBA
}

// at is the colour of a quantity within 0..1.
func (p *palette) at(v float32) color.RGBA {
	x := min(max(v, 0), 1) * (rampStops - 1)
	i := min(int(x), rampStops-2)
	return mix(p.ramp[i], p.ramp[i+1], x-float32(i))
}

func mix(a, b color.RGBA, t float32) color.RGBA {
	lerp := func(a, b uint8) uint8 { return uint8(float32(a) + (float32(b)-float32(a))*t + 0.5) }
	return color.RGBA{lerp(a.R, b.R), lerp(a.G, b.G), lerp(a.B, b.B), 255}
}

// makePalette asks look for the custom properties of colour.css. dark says which of
// the two colours of a light-dark() holds.
func makePalette(look func(name string) string, dark bool) (palette, error) {
	var p palette
	named := map[string]*color.RGBA{
		"--bg": &p.ground, "--gold": &p.gold, "--oracle": &p.oracle, "--ink": &p.ink, "--edge": &p.edges,
	}
	for i := range p.ramp {
		named[fmt.Sprintf("--seq-%d", i)] = &p.ramp[i]
	}
	for name, at := range named {
		c, err := parseColour(look(name), dark)
		if err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
		*at = c
	}
	return p, nil
}

// parseColour reads #rrggbb or light-dark(#rrggbb, #rrggbb).
func parseColour(s string, dark bool) (color.RGBA, error) {
	text := strings.TrimSpace(s)
	if in, ok := strings.CutPrefix(text, "light-dark("); ok {
		day, night, _ := strings.Cut(strings.TrimSuffix(in, ")"), ",")
		if text = strings.TrimSpace(day); dark {
			text = strings.TrimSpace(night)
		}
	}
	hex, ok := strings.CutPrefix(text, "#")
	n, err := strconv.ParseUint(hex, 16, 24)
	if !ok || err != nil || len(hex) != 6 {
		return color.RGBA{}, fmt.Errorf("colour %q, want #rrggbb or light-dark(#rrggbb, #rrggbb)", s)
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}, nil
}

// readPalette reads the colours that hold for an element of the page.
func readPalette(element app.Value) palette {
	style := app.Window().Call("getComputedStyle", element)
	look := func(name string) string { return style.Call("getPropertyValue", name).String() }
	p, err := makePalette(look, strings.TrimSpace(look("--scheme")) == "dark")
	if err != nil {
		app.Log("colours of the style sheet: ", err)
	}
	return p
}
