package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
)

// The drawing is 64 units wide and high.
const (
	size   = 64
	corner = 12 // radius of the tile
	margin = 10
	pitch  = 11.5 // from block to block
	block  = 9.5
	round  = 2 // radius of a block
)

var (
	ground = color.NRGBA{0x14, 0x1b, 0x2b, 0xff}
	idle   = color.NRGBA{0x33, 0x3f, 0x58, 0xff}
	picked = color.NRGBA{0x4f, 0x9d, 0xf7, 0xff}
	gold   = color.NRGBA{0xf5, 0xb8, 0x3d, 0xff}
)

// cache is causal, as attention is: '.' idle, '#' picked, '*' the answer.
var cache = [4]string{
	"#   ",
	".#  ",
	"#.# ",
	".*.#",
}

type box struct {
	x, y, side, radius float64
	fill               color.NRGBA
}

func boxes() []box {
	out := []box{{0, 0, size, corner, ground}}
	for r, row := range cache {
		for c, mark := range row {
			fill, ok := map[rune]color.NRGBA{'.': idle, '#': picked, '*': gold}[mark]
			if ok {
				out = append(out, box{margin + pitch*float64(c), margin + pitch*float64(r), block, round, fill})
			}
		}
	}
	return out
}

func main() {
	out := flag.String("out", ".", "folder to write")
	flag.Parse()
	if err := draw(*out); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

func draw(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "icon.svg"), vector(), 0o644); err != nil {
		return err
	}
	for _, pixels := range []int{192, 512} {
		var b bytes.Buffer
		if err := png.Encode(&b, raster(pixels)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("icon-%d.png", pixels)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func vector() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n", size, size)
	for _, x := range boxes() {
		fmt.Fprintf(&b, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" rx=\"%g\" fill=\"#%02x%02x%02x\"/>\n",
			x.x, x.y, x.side, x.side, x.radius, x.fill.R, x.fill.G, x.fill.B)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// raster covers each pixel by how far its centre is inside a box, which smooths
// the edges.
func raster(pixels int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, pixels, pixels))
	scale := float64(pixels) / size
	for _, b := range boxes() {
		for y := range pixels {
			for x := range pixels {
				inside := b.depth((float64(x)+.5)/scale, (float64(y)+.5)/scale)*scale + .5
				if cover := min(max(inside, 0), 1); cover > 0 {
					img.SetNRGBA(x, y, over(img.NRGBAAt(x, y), b.fill, cover))
				}
			}
		}
	}
	return img
}

// depth is the distance of a point inside the box from its edge, negative outside.
func (b box) depth(x, y float64) float64 {
	half := b.side / 2
	dx := math.Abs(x-b.x-half) - (half - b.radius)
	dy := math.Abs(y-b.y-half) - (half - b.radius)
	return b.radius - math.Hypot(max(dx, 0), max(dy, 0)) - min(max(dx, dy), 0)
}

// over lays an opaque colour over another with the given cover. Over nothing only
// the opacity changes, else the edge would darken.
func over(under, top color.NRGBA, cover float64) color.NRGBA {
	if under.A == 0 {
		top.A = uint8(math.Round(255 * cover))
		return top
	}
	mix := func(u, t uint8) uint8 { return uint8(math.Round(float64(u) + (float64(t)-float64(u))*cover)) }
	return color.NRGBA{mix(under.R, top.R), mix(under.G, top.G), mix(under.B, top.B), max(under.A, uint8(255*cover))}
}
