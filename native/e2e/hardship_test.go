package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
)

// first is the request of the first screen.
var first = run.Request{Task: "MK-2", Seed: 3, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}

// without turns the vector instructions of WebAssembly off: they need those of the
// processor.
const without = "--no-enable-sse3 --no-enable-ssse3 --no-enable-sse4-1 --no-enable-sse4-2 --no-enable-avx --no-enable-avx2"

// vectors is a program of one vector instruction.
const vectors = `WebAssembly.validate(new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,123,3,2,1,0,10,10,1,8,0,65,0,253,15,253,98,11]))`

// A browser without vector instructions runs what others run, with the same picks.
func TestWithoutVectorInstructions(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	d := &desk{t, browsertest.OpenFor(t, time.Minute, chromedp.Flag("js-flags", without)), e, s.URL}
	d.do(chromedp.Navigate(s.URL + below + "/"))
	d.finished("")
	if evaluate[bool](d, vectors) {
		t.Skip("this browser has vector instructions however it is asked")
	}
	d.rerun(func() { d.press(id("run")) })
	d.samePicks(first)
	d.quiet()
}

// Two tabs of a browser run side by side and show the same.
func TestTwoTabs(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	one := &desk{t, browsertest.OpenFor(t, time.Minute), e, s.URL}
	context, cancel := chromedp.NewContext(one.tab.Context)
	t.Cleanup(cancel)
	two := &desk{t, &browsertest.Tab{Context: context}, e, s.URL}
	for _, d := range []*desk{one, two} {
		d.do(chromedp.Navigate(s.URL + below + "/"))
	}
	for _, d := range []*desk{one, two} {
		d.do(page.BringToFront()) // a browser draws only what is seen
		d.finished("")
		d.rerun(func() { d.press(id("run")) })
		d.samePicks(first)
	}
	one.quiet()
}

// A download that breaks off is begun again; one that breaks off every time says so, and
// what to do.
func TestDownloadBreaksOff(t *testing.T) {
	e := newEngine(t)
	whole := static(t, e, newModels(t))
	var broken atomic.Int32 // times that the weights of a model are still cut
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		whole.Config.Handler.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		body := answer.Body.Bytes()
		if strings.Contains(r.URL.Path, "/model-attention") && broken.Add(-1) >= 0 {
			_, _ = w.Write(body[:len(body)/2])
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	for _, c := range []struct {
		breaks int32
		whole  bool
	}{{2, true}, {1000, false}} {
		broken.Store(c.breaks)
		d := &desk{t, browsertest.OpenFor(t, time.Minute), e, s.URL}
		d.do(chromedp.Navigate(s.URL + below + "/"))
		d.finished("") // of the recorded runs
		d.press(id("run"))
		if !c.whole {
			d.wait(`document.querySelector('` + id("column-0") + `').textContent.includes("the download broke off 3 times")`)
			d.tab.Close()
			continue
		}
		d.wait(`[...document.querySelectorAll("section.column")].every((c) => c.dataset.recorded === "false" && c.dataset.state === "done")`)
		d.samePicks(first)
		if left := broken.Load(); left >= 0 {
			t.Errorf("%d of %d breaks are left", left, c.breaks)
		}
		d.tab.Close()
	}
}

// A model that is too large for a tab is refused before anything of it is read.
func TestModelTooLargeForATab(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + below + "/"))
	d.finished("")
	// A file of pieces that are all the same takes no room.
	evaluate[any](d, `(() => {
		const piece = new Blob([new Uint8Array(1 << 20)]), data = new DataTransfer();
		data.items.add(new File(Array(1100).fill(piece), "large.gguf"));
		document.querySelector('`+id("column-0")+`').dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	})()`)
	d.has(id("unopened-0"), "a tab has memory for models of at most")
	d.has(id("unopened-0"), "kvscope serve --model large.gguf")
	d.quiet()
}
