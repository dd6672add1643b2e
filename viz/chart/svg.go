package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"kvscope/viz/number"
	"kvscope/viz/paint"
)

// Palette says what a named colour is in a drawing.
type Palette func(name string) string

// Properties leaves colours to the style sheet around the drawing.
func Properties(name string) string { return "var(--" + name + ")" }

// Paint is a palette of fixed colours, for drawings that stand alone.
func Paint(colours map[string]string) Palette {
	return func(name string) string {
		if c, ok := colours[name]; ok {
			return c
		}
		return "#888888"
	}
}

const (
	svgWidth  = 360.0
	svgHeight = 230.0
	leftRoom  = 44.0
	rightRoom = 12.0
	topRoom   = 26.0
	axisRoom  = 34.0
	lineRoom  = 14.0 // of one line of the legend
)

// drawing is an SVG being written.
type drawing struct {
	b     bytes.Buffer
	paint Palette
	c     Chart
	// The plot's edges, in the drawing's units.
	left, right, top, bottom float64
}

// SVG draws the chart with its title and legend.
func (c Chart) SVG(paint Palette) []byte {
	legend := len(c.Series)
	if c.Kind == Map {
		legend = 0
	}
	height := svgHeight + float64(legend)*lineRoom
	d := &drawing{paint: paint, c: c, left: leftRoom, right: svgWidth - rightRoom, top: topRoom, bottom: svgHeight - axisRoom}
	if c.Kind == Map {
		d.left += 14
	}
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s" font-family="system-ui, sans-serif" font-size="10">`,
		svgWidth, height, svgWidth, height, escape(c.Title+": "+c.YName+" by "+c.XName))
	fmt.Fprintf(&d.b, `<rect width="100%%" height="100%%" style="fill:%s"/>`, paint("panel"))
	d.text(d.left, 15, "start", "ink", c.Title, ` font-weight="600" font-size="12"`)
	d.axes()
	switch c.Kind {
	case Lines:
		for i, s := range c.Series {
			points, whiskers := c.Aside(i)
			d.line(s, points, whiskers)
		}
	case Bars:
		d.bars()
	case Map:
		d.heat()
	}
	if legend > 0 {
		d.legend()
	}
	d.b.WriteString("</svg>")
	return d.b.Bytes()
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("BUG: " + err.Error()) // a Builder takes everything
	}
	return b.String()
}

func (d *drawing) text(x, y float64, anchor, colour, text, more string) {
	fmt.Fprintf(&d.b, `<text x="%.1f" y="%.1f" text-anchor="%s" style="fill:%s"%s>%s</text>`, x, y, anchor, d.paint(colour), more, escape(text))
}

func (d *drawing) stroke(x0, y0, x1, y1 float64, colour string, width float64, dashed bool) {
	more := ""
	if dashed {
		more = ` stroke-dasharray="4 3"`
	}
	fmt.Fprintf(&d.b, `<path d="M%.1f %.1fL%.1f %.1f" style="stroke:%s" stroke-width="%g" fill="none"%s/>`, x0, y0, x1, y1, d.paint(colour), width, more)
}

// x is the place of a category's index, or of a number between 1 and XMax.
func (d *drawing) x(v float64) float64 {
	if d.c.Categories == nil {
		return d.left + (v-1)/math.Max(1, d.c.XMax-1)*(d.right-d.left)
	}
	return d.left + (v+0.5)/float64(max(1, len(d.c.Categories)))*(d.right-d.left)
}

// y is the place of a percentage.
func (d *drawing) y(v float64) float64 { return d.bottom - v/100*(d.bottom-d.top) }

// level is the place of the upper edge of a level.
func (d *drawing) level(i int) float64 {
	return d.top + float64(i)/float64(max(1, len(d.c.Levels)))*(d.bottom-d.top)
}

func (d *drawing) axes() {
	if d.c.Kind == Map {
		for i, name := range d.c.Levels {
			d.text(d.left-5, (d.level(i)+d.level(i+1))/2+3, "end", "ink-3", name, "")
		}
	} else {
		for v := 0; v <= 100; v += 25 {
			y := d.y(float64(v))
			d.stroke(d.left, y, d.right, y, "line", 1, false)
			d.text(d.left-5, y+3, "end", "ink-3", fmt.Sprintf("%d%%", v), "")
		}
	}
	for i, name := range d.c.Categories {
		d.text(d.x(float64(i)), d.bottom+13, "middle", "ink-3", name, "")
	}
	if d.c.Categories == nil {
		for _, v := range []float64{1, math.Round((1 + d.c.XMax) / 2), d.c.XMax} {
			d.text(d.x(v), d.bottom+13, "middle", "ink-3", fmt.Sprintf("%g", v), "")
		}
	}
	d.stroke(d.left, d.bottom, d.right, d.bottom, "line-strong", 1, false)
	d.text((d.left+d.right)/2, d.bottom+27, "middle", "ink-3", d.c.XName, "")
}

func (d *drawing) line(s Series, aside, whiskers float64) {
	width, more := 2.0, ""
	if s.Paper {
		width, more = 1.3, ` stroke-dasharray="4 3"`
	}
	var path strings.Builder
	for i, p := range s.Points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, d.x(p.X+aside), d.y(p.Y))
	}
	fmt.Fprintf(&d.b, `<path d="%s" style="stroke:%s" stroke-width="%g" fill="none" stroke-linejoin="round"%s/>`, path.String(), d.paint(s.Colour), width, more)
	for _, p := range s.Points {
		if p.High > p.Low {
			d.stroke(d.x(p.X+whiskers), d.y(p.Low), d.x(p.X+whiskers), d.y(p.High), s.Colour, 1, false)
		}
		radius := 3.0
		if s.Paper || d.c.Categories == nil {
			radius = 1.6
		}
		fmt.Fprintf(&d.b, `<circle cx="%.1f" cy="%.1f" r="%g" style="fill:%s"><title>%s</title></circle>`, d.x(p.X+aside), d.y(p.Y), radius, d.paint(s.Colour), escape(s.Name+", "+p.About))
	}
}

func (d *drawing) bars() {
	ours := max(1, len(keep(d.c.Series, func(s Series) bool { return !s.Paper })))
	step := (d.right - d.left) / float64(max(1, len(d.c.Categories)))
	width := BarShare * step / float64(ours)
	at := -1
	for _, s := range d.c.Series {
		if !s.Paper {
			at++
		}
		for _, p := range s.Points {
			x := d.x(p.X) - BarShare*step/2 + float64(max(at, 0))*width
			y := d.y(p.Y)
			if s.Paper {
				d.stroke(x, y, x+width, y, s.Colour, 1.5, true)
				continue
			}
			fmt.Fprintf(&d.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" style="fill:%s" opacity="0.8"><title>%s</title></rect>`,
				x, y, width, d.bottom-y, d.paint(s.Colour), escape(s.Name+", "+d.c.Categories[int(p.X)]+", "+p.About))
			if p.High > p.Low {
				d.stroke(x+width/2, d.y(p.Low), x+width/2, d.y(p.High), "ink", 1.2, false)
			}
		}
	}
}

func (d *drawing) heat() {
	width := (d.right - d.left) / float64(max(1, len(d.c.Categories)))
	for _, s := range d.c.Series {
		for _, p := range s.Points {
			x, y := d.x(p.X)-width/2, d.level(p.Level)
			stop := int(math.Round(p.Y / 100 * 8))
			ink := paint.Ink(float32(stop) / 8)
			fmt.Fprintf(&d.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" style="fill:%s;stroke:%s"><title>%s</title></rect>`,
				x, y, width, d.level(p.Level+1)-y, d.paint(fmt.Sprintf("seq-%d", stop)), d.paint("panel"), escape(p.About))
			middle := (y + d.level(p.Level+1)) / 2
			if p.N > 0 {
				d.text(x+width/2, middle+12, "middle", ink, fmt.Sprintf("n = %d", p.N), ` font-size="7"`)
			}
			d.text(x+width/2, middle+3.5, "middle", ink, number.WholePercent(p.Y/100), "")
		}
	}
}

func (d *drawing) legend() {
	for i, s := range d.c.Series {
		y := svgHeight + float64(i)*lineRoom
		d.stroke(d.left, y-3, d.left+22, y-3, s.Colour, 2, s.Paper)
		d.text(d.left+28, y, "start", "ink-2", s.Name, "")
	}
}
