package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/train"
	"kvscope/native/browsertest"
	"kvscope/native/simd"
	"kvscope/viz/chart"
)

var update = flag.Bool("update", false, "take the pictures of docs/ anew")

// demoEngine holds the models that ship with the program.
func demoEngine(t testing.TB) *run.Engine {
	t.Helper()
	e, err := run.Open(assets.Models(), simd.Best())
	if err != nil || len(e.Models()) == 0 {
		t.Fatalf("no models in assets/models: %v", err)
	}
	return e
}

// TestPicturesOfTheDocs takes the pictures that the documents show.
func TestPicturesOfTheDocs(t *testing.T) {
	if !*update {
		t.Skip("takes pictures only with -update")
	}
	handler := newServer(t, run.NewCache(demoEngine(t), 1<<28))
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	silent := &flaky{Handler: handler}
	silent.meta.Store(true)
	down := httptest.NewServer(silent)
	t.Cleanup(down.Close)
	if err := os.MkdirAll("../../docs", 0o755); err != nil {
		t.Fatal(err)
	}
	const (
		done = `document.querySelectorAll('section.column[data-state="done"][data-stale="false"]').length >= 2 && ` +
			`document.querySelectorAll('section.column:not([data-state="done"])').length === 0`
		failed = `document.querySelectorAll('section.column[data-state="failed"]').length === 2`
	)
	for _, c := range []struct{ file, at, wait string }{
		{"explorer", "/?task=S-2", done},
		{"head", "/?task=S-2&head=1.3&shade=mass", done},
		{"moba", "/?task=S-2&head=1.3&method=moba", done},
		{"attention", "/?task=S-2&head=1.3&view=attention&wide=1", done + " && " + mapsBuilt},
		{"memory", "/?task=S-2&head=3.1&view=memory&metric=memory", done + ` && !!document.querySelector(".arcs svg")`},
		{"scores", "/?task=S-2&head=1.3&view=scores&ranked=1", done + ` && document.querySelectorAll(".scores svg").length === 2`},
		{"difference", "/?task=S-2&head=1.3&compare=1&metric=recall", done + ` && document.querySelector('[data-testid="grid-1"]').dataset.diff === "true"`},
		{"swap", "/?task=S-2&head=1.3&left=ratplus::memory/memory&right=ratplus::plain/memory&third=ratplus::memory/plain&fourth=ratplus::plain/plain", done},
		{"dropped", "/?task=S-2&head=1.3&drop=52&at=52", done + ` && !!document.querySelector(".before")`},
		{"presentation", "/?task=S-2&head=1.3&view=attention&present=1&wide=1&map=760,700,160", done + " && " + mapsBuilt},
		{"failed", "/?task=S-2&method=snapkv&budget=1/32", failed},
		{"empty", "/", `document.querySelector(".column .message").textContent.includes("does not answer")`},
		{"gallery", "/gallery", `document.querySelectorAll('.map[data-built="true"]').length >= 2`},
	} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(c.file+"/"+scheme, func(t *testing.T) {
				at := s.URL
				if c.file == "empty" {
					at = down.URL
				}
				d := &desk{t, browsertest.Open(t), nil, at}
				d.do(
					chromedp.EmulateViewport(1600, 900),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.Navigate(at+c.at))
				d.wait(c.wait)
				if c.file == "gallery" { // what the explorer's own pictures do not show
					evaluate[any](d, `document.querySelector('[data-specimen="view-loading"]').scrollIntoView(); null`)
				}
				var png []byte
				d.do(chromedp.Sleep(300e6), chromedp.CaptureScreenshot(&png))
				if err := os.WriteFile("../../docs/"+c.file+"-"+scheme+".png", png, 0o644); err != nil {
					t.Fatal(err)
				}
				if at == s.URL {
					d.quiet()
				}
			})
		}
	}
}

// TestPicturesOfExperiments takes the pictures of the experiments' page.
func TestPicturesOfExperiments(t *testing.T) {
	if !*update {
		t.Skip("takes pictures only with -update")
	}
	for _, scheme := range []string{"light", "dark"} {
		d := benchOf(t, demoEngine(t), func() {})
		d.do(
			chromedp.EmulateViewport(1600, 900),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		d.enter("context", "512")
		d.tick("tasks", "S-1")
		d.tick("tasks", "S-2")
		for _, task := range []string{"MK-2", "MV", "MQ"} {
			d.tick("tasks", task)
		}
		d.enter("name", "Quest on four tasks")
		d.wait(`document.querySelector('` + id("estimate") + `').textContent.includes("examples in")`)
		d.press(id("start"))
		d.do(chromedp.Poll(over, nil, chromedp.WithPollingTimeout(5*time.Minute)))
		d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length === 4`)
		var png []byte
		d.do(chromedp.Sleep(time.Second), chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile("../../docs/experiments-"+scheme+".png", png, 0o644); err != nil {
			t.Fatal(err)
		}
		d.quiet()
	}
}

// learnt are the tasks whose curves are shown: the others are learnt at once.
var learnt = []string{"MK-1", "MK-2", "MK-3", "MV", "MQ"}

// TestPictureOfTraining draws what the demo pair had learnt while it trained: exact
// answers above, and the first tokens of values below.
func TestPictureOfTraining(t *testing.T) {
	if !*update {
		t.Skip("takes pictures only with -update")
	}
	var exact, firsts []chart.Measured
	for _, name := range []string{"attention", "ratplus"} {
		data, err := fs.ReadFile(assets.Models(), name+".safetensors")
		if err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		var points []train.Point
		if err := json.Unmarshal([]byte(f.Metadata["history"]), &points); err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			for _, task := range learnt {
				if _, ok := p.Exact[task]; ok {
					m := chart.Measured{Model: name, Called: name, Memory: f.Metadata["arch"] == "ratplus", Task: task, Tokens: float64(p.Tokens) / 1e6, Share: p.Exact[task]}
					exact = append(exact, m)
					m.Share = p.FirstOf[task]
					firsts = append(firsts, m)
				}
			}
		}
	}
	byTask := func(a, b chart.Measured) int { return slices.Index(learnt, a.Task) - slices.Index(learnt, b.Task) }
	slices.SortStableFunc(exact, byTask)
	slices.SortStableFunc(firsts, byTask)
	var drawn strings.Builder
	for _, c := range append(chart.Learning(exact, "exact answers"), chart.Learning(firsts, "first value tokens")...) {
		drawn.Write(c.SVG(chart.Properties))
	}
	styles, err := assets.Styles()
	if err != nil {
		t.Fatal(err)
	}
	// A page of its own: the explorer's program would draw itself over it.
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><style>%s</style>
			<div class="figures" style="display:grid;grid-template-columns:repeat(5,360px);gap:8px;padding:8px">%s</div>`, styles, drawn.String())
	}))
	t.Cleanup(s.Close)
	for _, scheme := range []string{"light", "dark"} {
		d := &desk{t, browsertest.Open(t), nil, s.URL}
		var png []byte
		d.do(
			chromedp.EmulateViewport(1860, 560),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.Navigate(s.URL+"/"), chromedp.WaitReady(".figures svg"), chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile("../../docs/training-"+scheme+".png", png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// mapsBuilt is true when every attention map is drawn.
const mapsBuilt = `document.querySelectorAll('.map[data-built="true"]').length === document.querySelectorAll("section.column").length`
