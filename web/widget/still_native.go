//go:build !js

package widget

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/viz/paint"
)

// The size that a block grid is painted at, which the style sheet stretches: pixels of its
// width, and of a rem of its height.
const (
	stillWidth = 960
	stillRem   = 32
)

// still lays the cells out and paints them into the text of the page, by day and by night.
func (g *BlockGrid) still(canvas app.HTMLCanvas) {
	grid := g.Grid
	if grid == nil {
		return
	}
	g.canvas.rem = stillRem
	g.canvas.H = int(math.Round((marksHeight + tallest*float64(max(1, grid.Planned, g.Room))) * stillRem))
	g.layout = layGrid(stillWidth, g.canvas.H, grid.Planned, grid.Queried, grid.Columns, stillRem)
	for name, colours := range map[string]*paint.Palette{"--day": &g.On.Still.Day, "--night": &g.On.Still.Night} {
		var r paint.Raster
		r.Reset(stillWidth, g.canvas.H)
		paintGrid(&r, grid, g.layout, gridMarks{cursor: g.Cursor, block: g.Block}, colours, 2)
		canvas.Style(name, "url(data:image/png;base64,"+base64.StdEncoding.EncodeToString(encoded(&r))+")")
	}
}

// encoded is a raster as PNG.
func encoded(r *paint.Raster) []byte {
	var out bytes.Buffer
	img := &image.NRGBA{Pix: r.Pix, Stride: 4 * r.W, Rect: image.Rect(0, 0, r.W, r.H)}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
		panic("BUG: " + err.Error()) // a Buffer takes everything
	}
	return out.Bytes()
}

// blockOpen begins the element of a block in the text of a prompt.
var blockOpen = regexp.MustCompile(`data-b="(\d+)"`)

// still writes the prompt, shaded by block, into the text of the page.
func (s *Strip) still() app.UI {
	if s.Header == nil {
		return nil
	}
	text := strings.ReplaceAll(promptHTML(s.Header, s.Tokens, s.finely()), "\n", "&#10;")
	return app.Raw("<span>" + blockOpen.ReplaceAllStringFunc(text, func(open string) string {
		b, err := strconv.Atoi(blockOpen.FindStringSubmatch(open)[1])
		if err != nil || s.Shade == nil || s.Shade.Unit != s.block() || b >= len(s.Shade.Values) {
			return open
		}
		return open + ` style="--v:` + number.Decimals(float64(s.Shade.Values[b]), 3) + `"`
	}) + "</span>")
}
