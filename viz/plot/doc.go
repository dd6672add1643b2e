// Package plot writes pictures as SVG from numbers: to be put into the page, and to
// be saved from it. Colours are the custom properties of the page's style sheet,
// "var(--seq-8)"; Resolve replaces them where a picture is to stand alone.
//
//	svg := plot.Caption(picture.SVG(), "Quest, budget 1/8")
//	alone := plot.Resolve(svg, func(name string) string { return light[name] })
package plot
