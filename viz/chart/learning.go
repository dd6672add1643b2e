package chart

import (
	"fmt"
	"math"

	"kvscope/viz/number"
)

// Measured is how a model did on one task at a moment of its training.
type Measured struct {
	Model, Called string // by its name, and what it is called
	Memory        bool   // it has one
	Task          string
	Tokens        float64 // trained on so far, in millions
	Share         float64 // right, in 0..1
}

func (p Measured) subject() subject {
	return subject{model: p.Model, called: p.Called, memory: p.Memory}
}

// Learning is one chart a task of what training came to while it ran; value says
// what was right, such as "exact answers".
func Learning(points []Measured, value string) []Chart {
	models := unique(points, Measured.subject)
	var out []Chart
	for _, task := range unique(points, func(p Measured) string { return p.Task }) {
		c := Chart{
			ID: slug("learning", value, task), Kind: Lines, Title: task + ", " + value,
			XName: "million tokens", YName: value,
		}
		for _, who := range models {
			var s Series
			for _, p := range points {
				if p.subject() != who || p.Task != task || p.Tokens < 1 {
					continue
				}
				s.Name, s.Colour = who.name(), who.colour(models)
				s.Points = append(s.Points, Point{
					X: p.Tokens, Y: 100 * p.Share, Low: 100 * p.Share, High: 100 * p.Share,
					About: fmt.Sprintf("%s after %s tokens", number.Percent(p.Share), number.Amount(1e6*p.Tokens)),
				})
				c.XMax = max(c.XMax, math.Ceil(p.Tokens))
			}
			if len(s.Points) > 0 {
				c.Series = append(c.Series, s)
			}
		}
		out = append(out, c)
	}
	return out
}
