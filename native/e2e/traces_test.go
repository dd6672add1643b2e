package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"kvscope/engine/trace"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
)

// madeUpRun is a made-up run of a method, and its file.
func madeUpRun(t *testing.T, method string) (*trace.Run, []byte) {
	t.Helper()
	return sampletest.File(t, sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
}

// madeUp writes a made-up run of a method to a file.
func madeUp(t *testing.T, folder, method string) string {
	t.Helper()
	_, file := madeUpRun(t, method)
	at := filepath.Join(folder, method+".safetensors")
	if err := os.WriteFile(at, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// Recorded runs are kept over a reload, described, renamed, compared, removed and put
// back, and open in the Explorer; what is no run is refused by name.
func TestTraces(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		onServer(t, "it keeps traces in its folder")
		keepsTraces(t, sit(t, "traces"), "server")
	})
	t.Run("browser", func(t *testing.T) {
		if otherHost(t) == "" {
			keepsTraces(t, sitAt(t, "traces"), "browser")
			return
		}
		keepsTraces(t, sit(t, "traces"), "browser")
	})
}

// TestTracesDamaged: of a trace of this browser whose description is damaged the page says what
// is wrong with it, and loses neither its run nor the name it can still read; one whose file is
// damaged too is there to be removed.
func TestTracesDamaged(t *testing.T) {
	d := sitAt(t, "traces")
	const rows = `[...document.querySelectorAll('[data-testid="traces-list"] tbody tr')]`
	ready := func() { d.wait(`document.querySelector('` + id("traces") + `')?.dataset.ready === "true"`) }
	ready()
	folder := t.TempDir()
	d.do(chromedp.SetUploadFiles(`#traces-add`, []string{madeUp(t, folder, "quest"), madeUp(t, folder, "h2o")}, chromedp.ByQuery))
	d.wait(rows + `.length === 2`)
	d.do(chromedp.Evaluate(`(() => {
		const opening = indexedDB.open("kvscope-traces", 1);
		opening.onsuccess = () => {
			const change = opening.result.transaction("traces", "readwrite"), records = change.objectStore("traces");
			change.oncomplete = () => { opening.result.close(); document.body.dataset.damaged = true; };
			records.getAllKeys().onsuccess = (e) => {
				const [first, second] = e.target.result;
				records.get(first).onsuccess = (e) => {
					const { file } = e.target.result;
					records.put({ about: '{"name": "of old", "bytes": -1}', file }, first);
					records.put({ about: "{", file }, second);
					records.put({ about: "{", file: new Blob(["no run"]) }, "001764430000000-a");
					records.put("no record", "001764430000001-b");
				};
			};
		};
	})()`, nil))
	d.wait(`!!document.body.dataset.damaged`)
	for range 2 { // it stays said
		d.do(chromedp.Reload())
		ready()
		d.wait(rows + `.length === 4`)
		said := evaluate[string](d, rows+`.map((r) => r.querySelector(".trace-name").value + ": " + r.querySelector(".problem").textContent).join("\n")`)
		for _, want := range []string{"of old: described anew by its file, since its description cannot be read: bytes: -1", "end of JSON input", "001764430000000-a: its description cannot be read", "it is no run", "its record has no file"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not said: %s", want, said)
			}
		}
		if n := evaluate[int](d, rows+`.filter((r) => r.textContent.includes(" at 1/8, ")).length`); n != 2 {
			t.Errorf("%d runs, want 2", n)
		}
	}
	for _, key := range []string{"001764430000000-a", "001764430000001-b"} {
		d.press(`tr[data-key="` + key + `"] [data-what="remove"]`)
		d.wait(`!document.querySelector('tr[data-key="` + key + `"]')`)
	}
	d.has(id("traces-said"), "which had no file, is removed")
	d.do(chromedp.Evaluate(`(() => { const at = document.querySelector(".trace-note"); at.value = "again"; at.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil))
	d.wait(rows + `.filter((r) => r.querySelector(".problem")).length === 1`)
	d.press(`[data-testid="traces-list"] tbody tr:nth-child(1) [data-what="open"]`)
	d.wait(`location.pathname.endsWith("/") && document.querySelector('` + id("column-0") + `')?.textContent.includes(".safetensors")`)
	d.quiet()
}

// Two traces that are read late do not take the place of others that were chosen meanwhile, and
// a change that the server does not keep does not stay on the screen.
func TestTracesLate(t *testing.T) {
	onServer(t, "its answers are held back")
	d := sit(t, "traces")
	const rows = `[...document.querySelectorAll('[data-testid="traces-list"] tbody tr')]`
	folder := t.TempDir()
	d.wait(`document.querySelector('` + id("traces") + `')?.dataset.ready === "true"`)
	for i, method := range []string{"quest", "h2o", "snapkv"} {
		d.do(chromedp.SetUploadFiles(`#traces-add`, []string{madeUp(t, folder, method)}, chromedp.ByQuery))
		d.wait(fmt.Sprintf("%s.length === %d", rows, i+1))
	}
	evaluate[any](d, `(() => {
		const fetched = fetch, late = `+rows+`[0].dataset.key;
		globalThis.fetch = async (url, how) => {
			if (how.method === "PATCH") return new Response("", { status: 500 });
			if (how.method === "GET" && url.endsWith(late)) await new Promise((on) => setTimeout(on, 2000));
			const answer = await fetched(url, how);
			if (url.endsWith(late)) setTimeout(() => { document.body.dataset.late = "here"; }, 1000);
			return answer;
		};
	})()`)
	for n := range 3 { // the first is late
		d.press(fmt.Sprintf(`[data-testid="traces-list"] tbody tr:nth-child(%d) input[type="checkbox"]`, n+1))
	}
	compared := `(document.querySelector('` + id("traces-compared") + `')?.textContent ?? "")`
	d.wait(compared + `.includes("h2o") && ` + compared + `.includes("quest")`)
	d.wait(`document.body.dataset.late === "here"`)
	if text := evaluate[string](d, compared); strings.Contains(text, "snapkv") || !strings.Contains(text, "quest") {
		t.Errorf("the first trace, chosen no longer, comes and is compared: %s", text)
	}
	evaluate[any](d, `(() => { const at = document.querySelector(".trace-name"); at.value = "another"; at.dispatchEvent(new Event("change", { bubbles: true })); })()`)
	d.has(id("traces-said"), "The change is not kept.")
	d.wait(`document.querySelector(".trace-name").value === "snapkv"`)
}

// drops lets go of a file with the mouse at a point of the page.
func (d *desk) drops(file string, x, y float64) {
	d.t.Helper()
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{file}, DragOperationsMask: 1} // to copy
	for _, kind := range []input.DispatchDragEventType{input.DragEnter, input.DragOver, input.Drop} {
		d.do(input.DispatchDragEvent(kind, x, y, data))
	}
}

// keepsTraces goes through the page of traces that keeper keeps.
func keepsTraces(t *testing.T, d *desk, keeper string) {
	const rows = `[...document.querySelectorAll('[data-testid="traces-list"] tbody tr')]`
	ready := func() { d.wait(`document.querySelector('` + id("traces") + `')?.dataset.ready === "true"`) }
	ready()
	d.has(id("traces-none"), "none yet")
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.safetensors")
	if err := os.WriteFile(bad, []byte("no run"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.SetUploadFiles(`#traces-add`, []string{madeUp(t, folder, "quest")}, chromedp.ByQuery))
	d.wait(rows + `.length === 1`)
	d.drops(madeUp(t, folder, "h2o"), 300, 300)
	d.wait(rows + `.length === 2`)
	d.do(chromedp.SetUploadFiles(`#traces-add`, []string{bad}, chromedp.ByQuery))
	d.has(id("traces-said"), "bad.safetensors is not kept")
	d.has(id("traces-space"), "2 traces")
	d.has(id("traces-list"), keeper)

	write := func(selector, text string) {
		d.do(chromedp.Evaluate(`(() => { const at = document.querySelector('`+selector+`'); at.value = "`+text+`"; at.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil))
	}
	write(".trace-name", "the second")
	d.has(id("traces-said"), "The name the second is kept.")
	write(".trace-note", "of two")
	d.has(id("traces-said"), "The description of the second is kept.")
	d.do(chromedp.Reload())
	ready()
	d.wait(rows + `.length === 2 && document.querySelector(".trace-name").value === "the second" && document.querySelector(".trace-note").value === "of two"`)
	if text := evaluate[string](d, rows+`[0].textContent`); !strings.Contains(text, "H2O at ") || !strings.Contains(text, "tokens") {
		t.Errorf("the run is described as %q", text)
	}

	for _, n := range []string{"1", "2"} {
		d.press(`[data-testid="traces-list"] tbody tr:nth-child(` + n + `) input[type="checkbox"]`)
	}
	d.wait(`!!document.querySelector('` + id("traces-picks") + ` svg')`)
	for _, text := range []string{"picks in common", "heads that hit", "H2O at ", "Quest at "} {
		d.has(id("traces-compared"), text)
	}
	if keeper == "server" { // the page is the same
		d.walk("two traces")
	}

	d.press(`[data-testid="traces-list"] tbody tr:nth-child(1) [data-what="remove"]`)
	d.wait(rows + `.length === 1 && !document.querySelector('` + id("traces-compared") + `')`)
	d.has(id("traces-undo"), "the second is removed")
	d.press(id("traces-undo") + ` button`)
	d.wait(rows + `.length === 2 && document.querySelector(".trace-name").value === "the second"`)

	d.press(`[data-testid="traces-list"] tbody tr:nth-child(1) [data-what="open"]`)
	d.wait(`location.pathname.endsWith("/") && document.querySelector('` + id("column-0") + `')?.textContent.includes("the second.safetensors")`)
	d.quiet()
}
