package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/native/browsertest"
)

// flaky is a server parts of which answer with an error while they are told to.
type flaky struct {
	http.Handler
	meta, head atomic.Bool
}

// ServeHTTP implements http.Handler.
func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.meta.Load() && r.URL.Path == "/api/meta" || f.head.Load() && strings.HasPrefix(r.URL.Path, "/api/runs/") {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

// What is empty, on its way or failed says so, why, and what to do; and goes on by
// itself, or at the press it asks for.
func TestEmptyAndFailedStates(t *testing.T) {
	onServer(t, "what it answers fails as the test says")
	e := newEngine(t)
	f := &flaky{Handler: newServer(t, run.NewCache(e, 1<<28))}
	f.meta.Store(true)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/"))
	// No server: the page says so in both columns, and nothing can be run.
	for _, column := range []string{"column-0", "column-1"} {
		d.has(id(column), "The engine does not answer.")
		d.has(id(column), "kvscope serve")
	}
	if !evaluate[bool](d, `document.querySelector('`+id("run")+`').disabled`) {
		t.Error("without a server Run can be pressed")
	}
	d.has(id("timeline"), "nothing to show yet")
	d.has(".inspector", "Point at a block")
	f.meta.Store(false)
	d.finished("")

	// A view of a head: none locked, failed, asked for again.
	d.visit("?view=attention")
	d.has(id("view-0"), "No head is locked.")
	f.head.Store(true)
	d.visit("?view=attention&head=0.1")
	d.has(id("view-1"), "This head cannot be shown.")
	d.has(id("view-1"), "503")
	f.head.Store(false)
	d.press(id("view-1") + " " + id("look-again"))
	d.wait(mapsBuilt)

	// A run that fails keeps what there is on the screen, names the field, and heals.
	gens := d.gens()
	d.visit("?view=scores&head=0.1&method=snapkv&budget=1/32")
	d.wait(`document.querySelectorAll('section.column[data-state="failed"]').length === 2`)
	d.has(id("failure-1"), "Correct the field that is marked on the left and run again.")
	d.has(id("column-1")+" .status", "failed")
	d.wait(`document.querySelector('` + id("problem-budget") + `').textContent.includes("window") && document.querySelectorAll('` + id("grid-0") + ` .grid-row').length > 0`)
	d.visit("?view=scores&head=0.1&method=dense")
	d.finished(gens)
	d.has(id("view-0"), "There are no scores here.")
	d.visit("?view=memory&head=0.1&method=dense")
	d.has(id("view-0"), "This model has no memory.")
}

// A server without models says so at the columns' fields.
func TestNoModels(t *testing.T) {
	onServer(t, "one without models; a site is made of some")
	e := run.NewEngine(ops.Reference())
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<20)))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + "/"))
	d.has(id("problem-model"), "the engine has no models")
	d.has(id("column-0"), "Nothing has run here yet.")
	d.quiet()
}

// drop lets a file fall on what a selector finds.
func (d *desk) drop(selector, name string, content []byte) {
	d.t.Helper()
	evaluate[any](d, fmt.Sprintf(`(() => {
		const bytes = Uint8Array.from(atob(%q), c => c.charCodeAt(0)), data = new DataTransfer();
		data.items.add(new File([bytes], %q));
		document.querySelector(%q).dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	})()`, base64.StdEncoding.EncodeToString(content), name, selector))
}

// Files are dropped on a column: a run shows what it picked there, a large map opens
// without a server, and what is broken says what is wrong and changes nothing.
func TestDroppedFiles(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	req := withModel(quest, "attention")
	req.Method, req.Seed = "oracle-block", 9
	r := d.direct(req)
	var file bytes.Buffer
	if err := (&runfile.File{Run: r}).Write(&file); err != nil {
		t.Fatal(err)
	}
	left := d.picks(0)
	d.drop(id("column-1"), "oracle.safetensors", file.Bytes())
	d.wait(`document.querySelector('` + id("column-1") + `').dataset.file === "oracle.safetensors"`)
	d.shown(1, req)
	d.has(id("column-1")+" .status", "from oracle.safetensors")
	if got := d.picks(0); !reflect.DeepEqual(got, left) {
		t.Error("the other column changed")
	}
	// The file has no queries and keys.
	d.choose("view-1", "attention")
	d.has(id("view-1"), "The file holds no queries and keys.")

	for name, broken := range map[string]struct {
		content []byte
		why     string
	}{
		"cut.safetensors":   {file.Bytes()[:file.Len()/2], "do not lie within"},
		"notes.safetensors": {[]byte("not a run"), "the file is text"},
		"empty.safetensors": {nil, "the file is empty"},
	} {
		d.drop(id("column-1"), name, broken.content)
		d.has(id("unopened-1")+" b", name+" cannot be opened")
		d.has(id("unopened-1")+" p", broken.why)
	}
	d.shown(1, req)

	// Attention maps of NumPy's, of a model that the server does not know.
	maps, err := os.ReadFile("../../engine/checkpoint/testdata/compressed.npz")
	if err != nil {
		t.Fatal(err)
	}
	d.drop(id("column-1"), "maps.npz", maps)
	d.has(id("column-1")+" h2", "tiny")
	d.has(id("column-1")+" .status", "from maps.npz")
	d.wait(`document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`)
	d.has(id("map-1")+" .map-readout", "café”1.000") // what layer 1, head 1 gives all to

	large, err := os.ReadFile(largeRun(t, 1024))
	if err != nil {
		t.Fatal(err)
	}
	d.drop(id("column-0"), "large.safetensors", large)
	d.wait(`document.querySelector('` + id("column-0") + `').dataset.file === "large.safetensors"`)
	d.press(id("heads-0") + ` [data-layer="0"][data-head="0"]`)
	d.wait(`document.querySelector('` + id("map-0") + `')?.dataset.built === "true"`)
	if got := d.data(id("map-0"), "positions"); got != "1024" {
		t.Errorf("the map has %s positions, want 1024", got)
	}
	d.quiet()
}
