package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// saver saves the pictures of the second column of d.
type saver struct {
	*desk
	folder string
}

func (s saver) save(picture, format string, scale int) []byte {
	s.t.Helper()
	s.press(fmt.Sprintf(`%s [data-testid="save-%s"][data-format="%s"][data-scale="%d"]`, id("column-1"), picture, format, scale))
	name, content := saved(s.t, s.folder, "."+format)
	if err := os.Remove(name); err != nil {
		s.t.Fatal(err)
	}
	return content
}

// whole saves a picture in every format, with words of its legend.
func (s saver) whole(picture string, legend ...string) {
	s.t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(s.save(picture, "csv", 1))).ReadAll()
	if err != nil || len(rows) < 4 {
		s.t.Errorf("%s: %d rows of numbers, %v", picture, len(rows), err)
	}
	svg := s.save(picture, "svg", 1)
	if n := elements(svg); n < 5 || bytes.Contains(svg, []byte("var(--")) {
		s.t.Errorf("%s: %d elements in the svg, colours %v", picture, n, bytes.Contains(svg, []byte("var(--")))
	}
	for _, words := range legend {
		if !bytes.Contains(svg, []byte(">"+words+"<")) {
			s.t.Errorf("%s: the svg's legend lacks %q", picture, words)
		}
	}
	if size := s.pixels(picture, 1).Bounds(); size.Dx() < 200 {
		s.t.Errorf("%s: %v", picture, size)
	}
}

// Every view can be saved: its numbers, and itself. A browser lets a page save ten
// files without a hand at work, so the grids have a page of their own.
func TestViewsAreSaved(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	s := saver{d, d.saves()}
	for _, view := range []string{"attention", "memory", "scores"} {
		d.choose("view-1", view)
		d.wait(map[string]string{
			"attention": `document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`,
			"memory":    `!!document.querySelector('` + id("kernel-1") + ` svg')`,
			"scores":    `!!document.querySelector('` + id("scores-1") + ` svg')`,
		}[view])
		s.whole("view", map[string][]string{
			"attention": {"attention weight, log 0.0001", "1", "answer", "picked"},
			"memory":    {"gate 0 forgets", "1 keeps", "share of the entry, full height 1"},
			"scores":    {"block picked", "not picked", "answer"},
		}[view]...)
	}
	d.quiet()
}

// A saved figure stands alone: it says which run it is of and what was asked, its axes
// are named, it is as large as asked for, and on white where that is asked for on a dark
// page, the pixels of a map too.
func TestFiguresStandAlone(t *testing.T) {
	d := sit(t, "?head=1.1&view=attention")
	d.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	d.finished("")
	d.wait(mapsBuilt)
	s := saver{d, d.saves()}
	once, twice := s.pixels("view", 1), s.pixels("view", 2)
	if a, b := once.Bounds(), twice.Bounds(); b.Dx() != 2*a.Dx() || b.Dy() != 2*a.Dy() {
		t.Errorf("a picture of %v is %v at twice the size", a, b)
	}
	if light(once) > 0.5 {
		t.Errorf("on a dark page %.0f%% of the picture are light", 100*light(once))
	}
	d.press(id("view-1") + " " + id("white-view"))
	d.wait(`document.querySelector('` + id("view-1") + " " + id("white-view") + `').ariaPressed === "true"`)
	white := s.pixels("view", 1)
	if light(white) < 0.7 {
		t.Errorf("on white %.0f%% of the picture are light", 100*light(white))
	}
	if r, g, b, _ := white.At(1, 1).RGBA(); r>>8 != 255 || g>>8 != 255 || b>>8 != 255 {
		t.Errorf("the ground is %d, %d, %d", r>>8, g>>8, b>>8)
	}
	r := d.direct(withModel(quest, "ratplus"))
	for picture, axes := range map[string][]string{"grid": {"step / block"}, "heads": {"layer / head"}} {
		svg := string(s.save(picture, "svg", 1))
		for _, want := range append(axes, "MK-1, seed 1 · Quest at 1/8", r.Header.Question, "#ffffff") {
			if !strings.Contains(svg, want) {
				t.Errorf("%s: no %q in the svg", picture, want)
			}
		}
	}
	d.quiet()
}

// A picture that the browser does not make is not said to be saved.
func TestPictureThatIsNotMade(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	for _, c := range []struct{ broken, want string }{
		{`HTMLCanvasElement.prototype.toBlob = (done) => setTimeout(done, 0, null)`, ".png is not saved: this browser makes no picture of "},
		{`Object.defineProperty(HTMLImageElement.prototype, "src", { set() { setTimeout(() => this.onerror()); } })`, ".png is not saved: this browser cannot draw it"},
	} {
		evaluate[any](d, c.broken+"; 0")
		d.press(id("column-1") + ` [data-testid="save-grid"][data-format="png"][data-scale="2"]`)
		d.has(id("said"), c.want)
	}
	d.quiet()
}

// pixels is a picture of the second column as PNG.
func (s saver) pixels(picture string, scale int) image.Image {
	s.t.Helper()
	out, err := png.Decode(bytes.NewReader(s.save(picture, "png", scale)))
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// light is the share of pixels that are nearer to white than to black.
func light(m image.Image) float64 {
	n, b := 0, m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, b, _ := m.At(x, y).RGBA(); r+g+b > 3<<15 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}

// The grids can be saved too, and their numbers are those of the trace.
func TestGridsAreSaved(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	s := saver{d, d.saves()}
	s.whole("grid", "picked", "not picked", "answer", "dense top K")
	s.whole("heads", "attention mass kept 0", "1")
	r := d.direct(withModel(quest, "ratplus"))
	rows, err := csv.NewReader(bytes.NewReader(s.save("grid", "csv", 1))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		step, _ := strconv.Atoi(row[1])
		block, _ := strconv.Atoi(row[3])
		sel := r.Selection(step, 1, 1)
		if block < sel.Candidates && (row[4] == "1") != sel.Has(0, block) {
			t.Errorf("step %d block %d is %s in the file", step, block, row[4])
		}
	}
	d.choose("view-1", "prompt")
	d.wait(`!!document.querySelector('` + id("strip-1") + `')`)
	if text := s.save("view", "csv", 1); !strings.Contains(string(text), "magic") {
		t.Error("the prompt's table lacks its words")
	}
	d.quiet()
}

// elements counts the elements of an SVG, -1 when it is none.
func elements(svg []byte) int {
	n := 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			return -1
		}
		if _, ok := token.(xml.StartElement); ok {
			n++
		}
	}
}
