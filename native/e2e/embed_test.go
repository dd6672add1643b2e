package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/browsertest"
	"kvscope/native/server"
	"kvscope/web/runview"
)

// recorded is a made-up run as a file, and the widget that shows it.
func recorded(t *testing.T) (*trace.Run, []byte, dist.Program) {
	t.Helper()
	p := ownProgram(t)
	r, file := madeUpRun(t, "quest")
	return r, file, p
}

// runPage is the run as one file.
func runPage(t *testing.T, p dist.Program, file []byte) []byte {
	t.Helper()
	colours, err := assets.ColourSheet()
	if err != nil {
		t.Fatal(err)
	}
	html, err := runview.Page(runview.Program{Colours: string(colours), Script: p.Element, Code: p.Widget}, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return html
}

// showsRun waits until an element shows its run, presses a head and looks at what changes.
func (d *desk) showsRun(element string, heads int) {
	d.t.Helper()
	d.wait(fmt.Sprintf(`%s.dataset.state === "shown"`, element))
	if got := evaluate[int](d, element+`.shadowRoot.querySelectorAll("[data-part=heads] button").length`); got != heads {
		d.t.Errorf("%d heads, want %d", got, heads)
	}
	before := evaluate[string](d, element+`.shadowRoot.querySelector("[data-part=grid]").innerHTML`)
	d.do(chromedp.Evaluate(element+`.shadowRoot.querySelector('[data-press="head:1.2"]').click()`, nil))
	d.wait(element + `.shadowRoot.querySelector('[data-press="head:1.2"]').getAttribute("aria-pressed") === "true"`)
	after := evaluate[string](d, element+`.shadowRoot.querySelector("[data-part=grid]").innerHTML`)
	if after == before || !strings.Contains(after, "layer 1 head 2") {
		d.t.Error("a pressed head changes nothing")
	}
	before = evaluate[string](d, element+`.shadowRoot.querySelector("[data-part=prompt]").innerHTML`)
	d.do(chromedp.Evaluate(`(() => { const slider = `+element+`.shadowRoot.querySelector("input"); slider.value = 2; slider.dispatchEvent(new Event("input", { bubbles: true })); })()`, nil))
	if evaluate[string](d, element+`.shadowRoot.querySelector("[data-part=prompt]").innerHTML`) == before {
		d.t.Error("another line changes nothing")
	}
}

// A run as one file opens from a disk, and shows its picture even without scripts.
func TestRunPage(t *testing.T) {
	r, file, p := recorded(t)
	at := filepath.Join(t.TempDir(), "run.html")
	html := runPage(t, p, file)
	if err := os.WriteFile(at, html, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("the page has %.2f MB", float64(len(html))/1e6)
	d := &desk{t, browsertest.Open(t), nil, ""}
	d.do(chromedp.Navigate("file://" + at))
	d.showsRun(`document.querySelector("kvscope-run")`, r.Header.Layers*r.Header.Heads)
	for _, url := range d.tab.Requests() {
		if !strings.HasPrefix(url, "file://"+at) && !strings.HasPrefix(url, "blob:") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page asks for %s", url)
		}
	}
	d.quiet()
}

// The element shows runs in anybody's page, one after the other, beside a run that is not
// there; a notebook shows the page of a run in a frame, as the README has it.
func TestRunElement(t *testing.T) {
	r, file, p := recorded(t)
	const post = `<!doctype html><title>post</title><h1>A post</h1>
<script src="widget.js"></script>
<kvscope-run id="first" src="run.safetensors"></kvscope-run>
<kvscope-run id="second" src="run.safetensors" hide="prompt,summary" theme="dark"></kvscope-run>
<kvscope-run id="lost" src="lost.safetensors"></kvscope-run>
<kvscope-run id="wrong" src="run.safetensors" hide="everything"></kvscope-run>
<iframe width="900" height="700" src="run.html"></iframe>`
	files := map[string][]byte{
		"/": []byte(post), "/widget.js": p.Element, "/widget.wasm.gz": p.Widget, "/run.safetensors": file, "/run.html": runPage(t, p, file),
		"/favicon.ico": {},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, there := files[r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), nil, s.URL}
	d.do(chromedp.Navigate(s.URL))
	heads := r.Header.Layers * r.Header.Heads
	d.showsRun(`document.getElementById("first")`, heads)
	d.wait(`document.getElementById("second").dataset.state === "shown"`)
	if evaluate[bool](d, `!!document.getElementById("second").shadowRoot.querySelector("[data-part=prompt]")`) {
		t.Error("a part that is left out is there")
	}
	for id, want := range map[string]string{"lost": "lost.safetensors: status 404", "wrong": `"everything" is no part`} {
		d.wait(`document.getElementById("` + id + `").dataset.state === "failed"`)
		if said := evaluate[string](d, `document.getElementById("`+id+`").shadowRoot.querySelector("[role=alert]").textContent`); !strings.Contains(said, want) {
			t.Errorf("%s says %q, want %q", id, said, want)
		}
	}
	d.showsRun(`document.querySelector("iframe").contentDocument.querySelector("kvscope-run")`, heads)
}

// A page of another origin shows /embed in a frame where the server lets it, with the
// views and without what is around them.
func TestEmbed(t *testing.T) {
	e := newEngine(t)
	for _, embed := range []bool{false, true} {
		handler := newServer(t, run.NewCache(e, 64<<20), func(c *server.Config) { c.Embed = embed })
		var drawn, runs atomic.Int32 // frames asked for, and what runs in them
		explorer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/embed":
				drawn.Add(1)
			case "/api/meta":
				runs.Add(1)
			}
			handler.ServeHTTP(w, r)
		}))
		t.Cleanup(explorer.Close)
		post := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `<!doctype html><title>post</title><iframe width="1000" height="700" src="%s/embed?task=S-2&hide=header,controls,inspector,timeline,heads"></iframe>`, explorer.URL)
		}))
		t.Cleanup(post.Close)
		// Another host is another origin, and another site.
		at := strings.Replace(post.URL, "127.0.0.1", "localhost", 1)
		d := &desk{t, browsertest.Open(t), e, explorer.URL}
		d.do(chromedp.Navigate(at))
		d.wait(`document.readyState === "complete"`)
		for begun := time.Now(); runs.Load() == 0 && time.Since(begun) < 20*time.Second && (embed || drawn.Load() == 0); {
			time.Sleep(50 * time.Millisecond)
		}
		if drawn.Load() == 0 || (runs.Load() > 0) != embed {
			t.Fatalf("embed %v: the frame was asked for %d times, and ran %d", embed, drawn.Load(), runs.Load())
		}
		if !embed {
			continue
		}
		// Seen from within, the page is the same.
		d.do(chromedp.Navigate(explorer.URL + "/embed?task=S-2&hide=header,controls,inspector,timeline,heads"))
		d.finished("")
		for part, there := range map[string]bool{".header": false, ".controls": false, `[data-part="heads"]`: false, `[data-part="grid"]`: true, id("embed-way"): true} {
			if got := evaluate[bool](d, `!!document.querySelector('`+part+`')?.checkVisibility()`); got != there {
				t.Errorf("%s is seen: %v, want %v", part, got, there)
			}
		}
		if way := evaluate[string](d, `document.querySelector('`+id("embed-way")+`').getAttribute("href")`); way != "/?task=S-2" {
			t.Errorf("the way out leads to %s", way)
		}
		// Without a query it is the first run, with the views alone.
		d.do(chromedp.Navigate(explorer.URL + "/embed"))
		d.finished("")
		if seen := evaluate[string](d, `[".header", ".controls", ".inspector", ".timeline", ".column"].filter(p => document.querySelector(p).checkVisibility()).join()`); seen != ".column" {
			t.Errorf("without a query %s are seen", seen)
		}
		if wrong := d.tab.Errors(); len(wrong) > 0 {
			t.Errorf("the console says %v", wrong)
		}
	}
}
