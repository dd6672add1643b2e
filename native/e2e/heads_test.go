package e2e

import (
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
	"kvscope/native/browsertest"
	"kvscope/native/server"
)

// writeWide saves a Llama of 12 layers with 9 heads on 3 of keys and values, made-up
// weights under the demo vocabulary, and returns its path.
func writeWide(t testing.TB) string {
	t.Helper()
	tok := tokenizer.NewDemo()
	cfg := model.Config{
		Arch: model.Llama, Vocab: tok.Size(), Dim: 72, Heads: 9, KVHeads: 3, HeadDim: 8, Layers: 12, Hidden: 72, Context: 384,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true,
	}
	w, rng := model.NewWeights(cfg), rand.New(rand.NewPCG(1, 2))
	for _, p := range w.Params(cfg) {
		for i := range p.Data {
			p.Data[i] = 1
			if p.IsMatrix() {
				p.Data[i] = float32(rng.NormFloat64()) / 12
			}
		}
	}
	meta := cfg.Metadata()
	meta["tokenizer"] = tok.Fingerprint()
	path := filepath.Join(t.TempDir(), "wide.safetensors")
	if err := checkpoint.Save(path, meta, w.Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	return path
}

// retype writes text in place of what stands in a field, and ends with Enter.
func (d *desk) retype(name, text string) {
	d.t.Helper()
	evaluate[any](d, `document.querySelector('`+id(name)+`').value = ""`)
	d.do(chromedp.SendKeys(id(name), text+kb.Enter, chromedp.ByQuery))
}

// TestAModelIsOpenedByPath: the page opens a model of a hundred heads, says what it is,
// and shows its heads in their groups; they zoom, are found, and ranked.
func TestAModelIsOpenedByPath(t *testing.T) {
	onServer(t, "a path is one of its machine")
	e, path := newEngine(t), writeWide(t)
	cache := run.NewCache(e, 1<<28)
	ts := httptest.NewServer(newServer(t, cache, func(c *server.Config) {
		c.OpenModel = func(path, tokens string) error { return e.Open("wide", path, tokens) }
	}))
	t.Cleanup(ts.Close)
	d := &desk{t: t, tab: browsertest.Open(t), engine: e, url: ts.URL}
	d.do(chromedp.Navigate(ts.URL + "/"))
	d.finished("")
	before := d.gens()
	d.do(chromedp.SendKeys(id("model-path"), "nowhere.gguf"+kb.Enter, chromedp.ByQuery))
	d.wait(`document.querySelector('[data-testid="problem-path"]').textContent.includes("nowhere.gguf")`)
	d.retype("model-path", path)
	d.finished(before)
	if got := evaluate[string](d, `document.querySelector('[data-testid="column-0"]').dataset.model`); got != "wide" {
		t.Fatalf("column 1 shows %q", got)
	}
	d.wait(`document.querySelector('[data-testid="about-model"]').textContent.includes("12 × 9 heads")`)
	d.wait(`document.querySelector('[data-testid="kept"]').textContent.includes("256 MiB")`)
	grid := `document.querySelector('[data-testid="heads-0"]')`
	if n := evaluate[int](d, grid+`.querySelectorAll("button").length`); n != 108 {
		t.Errorf("%d heads", n)
	}
	// Groups stand below the head of keys and values that they read, apart from the next.
	if got := evaluate[string](d, `[...`+grid+`.querySelectorAll(".group")].map(e => e.textContent).join()`); got != "0,1,2" {
		t.Errorf("groups %q", got)
	}
	gap := `(a, b) => { const r = i => ` + grid + `.querySelector('[data-layer="0"][data-head="' + i + '"]').getBoundingClientRect(); return r(b).left - r(a).right }`
	if within, between := evaluate[float64](d, `(`+gap+`)(1, 2)`), evaluate[float64](d, `(`+gap+`)(2, 3)`); between < within+2 {
		t.Errorf("heads stand %g apart within a group and %g between groups", within, between)
	}
	if got := evaluate[string](d, grid+`.querySelector("button").textContent`); got != "" {
		t.Errorf("a small cell has the number %q", got)
	}
	d.press(id("zoomed-0"))
	d.wait(grid + `.querySelector("button").textContent !== ""`)
	if h := evaluate[float64](d, grid+`.querySelector("button").getBoundingClientRect().height`); h < 24 {
		t.Errorf("a zoomed head is %g pixels high, a finger wants 24", h)
	}
	d.do(chromedp.SendKeys(id("find-head-0"), "11.8"+kb.Enter, chromedp.ByQuery))
	d.wait(grid + `.querySelector('[data-layer="11"][data-head="8"]').getAttribute("aria-pressed") === "true"`)
	d.retype("find-head-0", "12.0")
	d.wait(`document.body.textContent.includes("layers are 0 to 11")`)
	d.press(id("ranked-0"))
	d.wait(grid + `.querySelectorAll("li button").length === 108`)
	if outside := d.tab.Outside(d.url); len(outside) > 0 {
		t.Errorf("requests to other machines: %v", outside)
	}
}
