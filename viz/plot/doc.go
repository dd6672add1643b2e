// Package plot writes pictures as SVG from numbers: to be put into the page, and to
// be saved from it. Colours are the custom properties of the page's style sheet,
// "var(--seq-8)"; Resolve replaces them where a picture is to stand alone.
package plot
