package paint

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"
)

// Stops is the number of colours that the sequential map is given by.
const Stops = 9

// Palette is the colours that pictures are painted with, those of the style sheet:
// every picture of a page means the same by a colour.
type Palette struct {
	Ramp                             [Stops]color.RGBA // from none to all, even steps of lightness
	Ground, Gold, Oracle, Ink, Edges color.RGBA
	Left, Both, Right                color.RGBA // a choice of one column, of both, of the other
}

// At is the colour of a quantity within 0..1.
func (p *Palette) At(v float32) color.RGBA {
	i, part := stop(v)
	return Mix(p.Ramp[i], p.Ramp[i+1], part)
}

// Mix is the colour at t on the way from a to b.
func Mix(a, b color.RGBA, t float32) color.RGBA {
	lerp := func(a, b uint8) uint8 { return uint8(float32(a) + (float32(b)-float32(a))*t + 0.5) }
	return color.RGBA{lerp(a.R, b.R), lerp(a.G, b.G), lerp(a.B, b.B), 255}
}

// Table is the ramp in 256 steps, as the bytes of a pixel.
func (p *Palette) Table() *[256][4]byte {
	var t [256][4]byte
	for i := range t {
		c := p.At(float32(i) / 255)
		t[i] = [4]byte{c.R, c.G, c.B, c.A}
	}
	return &t
}

// NewPalette asks look for the custom properties of a style sheet. dark says which of
// the two colours of a light-dark() holds.
func NewPalette(look func(name string) string, dark bool) (Palette, error) {
	var p Palette
	named := map[string]*color.RGBA{
		"--bg": &p.Ground, "--gold": &p.Gold, "--oracle": &p.Oracle, "--ink": &p.Ink, "--edge": &p.Edges,
		"--only-left": &p.Left, "--in-both": &p.Both, "--only-right": &p.Right,
	}
	for i := range p.Ramp {
		named[fmt.Sprintf("--seq-%d", i)] = &p.Ramp[i]
	}
	for name, at := range named {
		c, err := ParseColour(look(name), dark)
		if err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
		*at = c
	}
	return p, nil
}

// ParseColour reads #rrggbb or light-dark(#rrggbb, #rrggbb).
func ParseColour(s string, dark bool) (color.RGBA, error) {
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
