package paint

import (
	"fmt"
	"image/color"

	"kvscope/viz/number"
)

// Colour is a colour of the style sheet or a mixture of them. Canvases paint it by the
// values that a palette has of them, and pictures name them and leave the values to the
// page: what is on the screen and what is saved of it cannot differ.
type Colour struct {
	css string
	of  func(p *Palette) color.RGBA
}

// Choices of columns that are compared: of the first alone, of both, of the other alone.
var (
	Left  = Colour{"var(--only-left)", func(p *Palette) color.RGBA { return p.Left }}
	Both  = Colour{"var(--in-both)", func(p *Palette) color.RGBA { return p.Both }}
	Right = Colour{"var(--only-right)", func(p *Palette) color.RGBA { return p.Right }}
)

// Ramp is the colour of a quantity within 0..1 on the sequential map.
func Ramp(v float32) Colour {
	i, part := stop(v)
	css := fmt.Sprintf("var(--seq-%d)", i)
	if part >= 0.005 {
		css = mixed(css, fmt.Sprintf("var(--seq-%d)", i+1), part)
	}
	return Colour{css, func(p *Palette) color.RGBA { return p.At(v) }}
}

// Ink names the colour of the style sheet that text on Ramp(v) is written in: of two that
// are read there, the better one, with a contrast of 4.5 at least in both sets of colours.
func Ink(v float32) string {
	switch {
	case v < 0.575:
		return "on-low"
	case v < 0.725: // too light for white by day, and already light by night
		return "on-mid"
	}
	return "on-high"
}

// Towards is the colour at t, within 0..1, on the way from c to another.
func (c Colour) Towards(other Colour, t float32) Colour {
	return Colour{mixed(c.css, other.css, t), func(p *Palette) color.RGBA { return Mix(c.of(p), other.of(p), t) }}
}

// CSS is the colour as a style sheet writes it.
func (c Colour) CSS() string { return c.css }

// Of is the colour by the values of a palette.
func (c Colour) Of(p *Palette) color.RGBA { return c.of(p) }

func mixed(from, to string, t float32) string {
	return fmt.Sprintf("color-mix(in srgb, %s %s, %s)", to, number.Percent(float64(t)), from)
}

// stop is where a quantity within 0..1 stands among the colours of the sequential map:
// after which, and how far on the way to the next.
func stop(v float32) (i int, part float32) {
	x := min(max(v, 0), 1) * (Stops - 1)
	i = min(int(x), Stops-2)
	return i, x - float32(i)
}
