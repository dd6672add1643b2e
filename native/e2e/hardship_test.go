package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
	"kvscope/native/server"
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
	d := &desk{t, browsertest.OpenFor(t, 3*time.Minute, chromedp.Flag("js-flags", without)), e, s.URL}
	d.do(chromedp.Navigate(s.URL + below + "/"))
	d.finished("")
	if evaluate[bool](d, vectors) {
		t.Skip("this browser has vector instructions however it is asked")
	}
	d.rerun(func() { d.press(id("run")) })
	d.samePicks(first)
	d.quiet()
}

// forbidden makes what a site keeps throw, as where cookies are blocked.
const forbidden = `for (const name of ["localStorage", "sessionStorage", "indexedDB"])
	Object.defineProperty(globalThis, name, { get() { throw new DOMException("denied", "SecurityError"); } });
for (const name of ["pushState", "replaceState"])
	history[name] = () => { throw new DOMException("denied", "SecurityError"); };`

// Where a browser keeps nothing, and no address, the page runs as it does elsewhere and says
// so where somebody wants something kept.
func TestNothingIsKept(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(forbidden).Do(ctx)
		return err
	}), chromedp.Navigate(s.URL+below+"/"))
	d.finished("")
	d.samePicks(first)
	d.rerun(func() { d.choose("method", "moba") })
	d.press(id("theme"))
	d.wait(`document.documentElement.dataset.theme === "light"`)
	d.do(chromedp.Navigate(s.URL + below + "/lessons"))
	d.wait(`document.querySelector('` + id("lessons") + `')?.dataset.ready === "true"`)
	d.do(chromedp.Navigate(s.URL + below + "/traces"))
	d.has(id("traces-said"), "keeps nothing for this site")
	d.quiet()
}

// A page in a sandbox, which has no origin and keeps nothing, runs where its host lets such a
// page have its files, and says what to do where it does not.
func TestSandbox(t *testing.T) {
	e := newEngine(t)
	site := http.FileServerFS(siteOf(t, e, server.StaticConfig{Program: ownProgram(t), Version: "test", Snapshots: true, Models: newModels(t)}))
	for _, open := range []bool{true, false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
			if open {
				w.Header().Set("Access-Control-Allow-Origin", "*")
			}
			site.ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		d := &desk{t, browsertest.Open(t), e, s.URL}
		d.do(chromedp.Navigate(s.URL + "/embed/?task=MK-2&seed=3&hide=header"))
		if !open {
			d.has(".boot-failure", "allow-same-origin")
			continue
		}
		d.finished("")
		d.rerun(func() { d.choose("method", "moba") })
		req := first
		req.Method = "moba"
		d.samePicks(req)
		d.quiet()
	}
}

// What other sites of the same host keep to answer in their place stays.
func TestServiceWorkersBeside(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(`globalThis.dropped = [];
			navigator.serviceWorker.getRegistrations = async () => ["/", "/some/", "/some/where/", "/some/where/else/"].map((at) =>
				({ scope: location.origin + at, unregister: async () => dropped.push(at) }));`).Do(ctx)
		return err
	}), chromedp.Navigate(s.URL+below+"/"))
	d.finished("")
	if got, want := evaluate[string](d, "dropped.join()"), "/some/where/,/some/where/else/"; got != want {
		t.Errorf("the page drops the service workers of %s, want %s", got, want)
	}
}

// Two tabs of a browser run at the same time and show the same.
func TestTwoTabs(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	one := &desk{t, browsertest.Open(t), e, s.URL}
	context, cancel := chromedp.NewContext(one.tab.Context)
	t.Cleanup(cancel)
	two := &desk{t, &browsertest.Tab{Context: context}, e, s.URL}
	for _, d := range []*desk{one, two} {
		d.do(chromedp.Navigate(s.URL + below + "/"))
	}
	gens := map[*desk]string{}
	for _, d := range []*desk{one, two} {
		d.do(page.BringToFront()) // a browser draws only what is seen
		d.finished("")
		gens[d] = d.gens()
		d.press(id("run"))
	}
	for _, d := range []*desk{two, one} {
		d.do(page.BringToFront())
		d.finished(gens[d])
		d.samePicks(first)
	}
	one.quiet()
}

// cut is an answer that breaks off after so many bytes of its body.
type cut struct {
	http.ResponseWriter
	left int
	sent *atomic.Int64
}

// Write sends what is left and then breaks the connection off.
func (c *cut) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	c.sent.Add(int64(n))
	if err == nil && c.left == 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		time.Sleep(100 * time.Millisecond) // the browser has what was sent
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// breaking is the site of a handler whose weights of one model break off in their middle so
// many times. ranges: it sends parts of files, each of which changes at every break where
// changing is set. sent are the bytes of the weights that went out, came those until they had
// come whole for the first time: another worker may want them later.
type breaking struct {
	site             http.Handler
	ranges, changing bool
	breaks           atomic.Int32
	sent, came       atomic.Int64
	size             int // of the weights as they lie there
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.URL.Path, "/model-attention") {
		b.site.ServeHTTP(w, r)
		return
	}
	whole := httptest.NewRecorder()
	plain := r.Clone(r.Context())
	plain.Header.Del("Range")
	b.site.ServeHTTP(whole, plain)
	body := whole.Body.Bytes()
	b.size = len(body)
	left := b.breaks.Add(-1)
	out := &cut{w, len(body) + 1, &b.sent}
	if left >= 0 {
		out.left = len(body) / 3
	}
	w.Header().Set("Content-Type", whole.Header().Get("Content-Type"))
	if !b.ranges {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = out.Write(body)
		b.came.CompareAndSwap(0, b.sent.Load())
		return
	}
	w.Header().Set("ETag", `"1"`)
	if b.changing {
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, left))
	}
	http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(body))
	b.came.CompareAndSwap(0, b.sent.Load())
}

// A download that breaks off goes on where it broke, or is begun again where the host sends
// no parts of files or the file has changed; one that breaks off every time says so, and
// what to do.
func TestDownloadBreaksOff(t *testing.T) {
	e := newEngine(t)
	whole := static(t, e, newModels(t))
	d := &desk{t, browsertest.Open(t), e, ""}
	for _, c := range []struct {
		name             string
		breaks           int32
		ranges, changing bool
		times            float64 // the file's size that is sent at most, 0 where it never comes
	}{
		{"goes on", 2, true, false, 1.4},
		{"has changed", 2, true, true, 1.7},
		{"no ranges", 2, false, false, 1.7},
		{"never comes", 1000, false, false, 0},
	} {
		site := &breaking{site: whole.Config.Handler, ranges: c.ranges, changing: c.changing}
		site.breaks.Store(c.breaks)
		s := httptest.NewServer(site)
		t.Cleanup(s.Close)
		d.do(chromedp.Navigate(s.URL + below + "/"))
		d.finished("") // of the recorded runs
		d.press(id("run"))
		if c.times == 0 {
			d.wait(`document.querySelector('` + id("column-0") + `').textContent.includes("the download broke off 3 times")`)
			continue
		}
		d.wait(`[...document.querySelectorAll("section.column")].every((c) => c.dataset.recorded === "false" && c.dataset.state === "done")`)
		d.samePicks(first)
		sent := float64(site.came.Load()) / float64(site.size)
		t.Logf("%s: %.2f times the file is sent", c.name, sent)
		if sent > c.times || c.changing && sent < 1.6 {
			t.Errorf("%s: %.2f times the file is sent, want %.1f at most", c.name, sent, c.times)
		}
		if left := site.breaks.Load(); left >= 0 {
			t.Errorf("%s: %d of %d breaks are left", c.name, left, c.breaks)
		}
	}
}

// dropsModel drops a file on the left column that begins as a GGUF file and has so many
// megabytes. Its pieces are all the same, so that it takes no room.
func (d *desk) dropsModel(megabytes int) {
	d.t.Helper()
	evaluate[any](d, fmt.Sprintf(`(() => {
		const piece = new Blob([new Uint8Array(1 << 20)]), data = new DataTransfer();
		const header = new Uint8Array([71, 71, 85, 70, 3, 0, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
		data.items.add(new File([header, ...Array(%d).fill(piece)], "large.gguf"));
		document.querySelector('`+id("column-0")+`').dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	})()`, megabytes))
}

// tight is the program p with a memory that grows to so many megabytes at most.
func tight(t *testing.T, p dist.Program, megabytes uint64) dist.Program {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(p.Gzip))
	if err != nil {
		t.Fatal(err)
	}
	code, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	out := code[:8:8] // magic number and version, then sections: an ID, a length and content
	const memories = 5
	for at := 8; at < len(code); {
		size, n := binary.Uvarint(code[at+1:])
		begin := at + 1 + n
		end := begin + int(size)
		content := code[begin:end]
		if code[at] == memories {
			first, _ := binary.Uvarint(content[2:]) // after one memory, without a maximum
			content = binary.AppendUvarint(binary.AppendUvarint([]byte{1, 1}, first), megabytes<<20>>16)
		}
		out = append(binary.AppendUvarint(append(out, code[at]), uint64(len(content))), content...)
		at = end
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write(out); err != nil {
		t.Fatal(err)
	}
	w.Close()
	p.Gzip = packed.Bytes()
	return p
}

// A model that is too large for a tab is refused before anything of it is read, and one that
// the tab, of a small device here, has no memory for on the way says so; then the tab goes on.
func TestTabRunsOutOfMemory(t *testing.T) {
	e := newEngine(t)
	s := staticOf(t, e, newModels(t), tight(t, ownProgram(t), 128))
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(chromedp.Navigate(s.URL + below + "/"))
	d.finished("")
	d.dropsModel(1100)
	d.has(id("unopened-0"), "a tab has memory for models of at most")
	d.has(id("unopened-0"), "kvscope serve --model large.gguf")
	d.dropsModel(300)
	d.has(id("unopened-0"), "The tab ran out of memory on the way. “kvscope serve --model large.gguf” runs it.")
	d.press(id("unopened-0") + " button")
	d.rerun(func() { d.press(id("run")) })
	d.samePicks(first)
}
