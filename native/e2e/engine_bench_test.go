package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/native/browsertest"
)

// ownModel drops SmolLM2 on the static site with the mouse and lets it answer a question of
// 512 tokens, beside a demo model that does so too.
func (t *table) ownModel() {
	file, err := filepath.Abs(filepath.Join("..", "..", "bin", "SmolLM2.gguf"))
	if err != nil {
		t.b.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.b.Log("of a real model nothing is measured: `make smollm2` fetches it")
		return
	}
	var opened, picks, token, held []float64
	for range 3 {
		s := static(t.b, demoEngine(t.b), assets.Models())
		d := &desk{t.b, browsertest.OpenFor(t.b, 3*time.Minute), nil, s.URL}
		d.do(chromedp.Navigate(s.URL + below + "/?task=S-1&context=512&head=1.1"))
		d.finished("")
		evaluate[any](d, `(() => {
			window.at = {};
			const look = () => {
				const c = document.querySelector('`+id("column-0")+`'), note = (name, yes) => { if (yes) at[name] ??= performance.now() };
				note("opened", document.querySelector('`+id("said")+`').textContent.includes("is loaded"));
				note("picks", `+wholePage+` && c.dataset.model === "SmolLM2" && c.dataset.stale === "false" && /^(answering|prompt)/.test(c.querySelector(".status")?.textContent) && c.querySelector('.grid-row:not([data-step="-1"])[data-picked]'));
				note("done", at.picks && c.dataset.state === "done");
				if (!at.done) requestAnimationFrame(look);
			};
			addEventListener("drop", () => { window.began = performance.now(); look() }, {capture: true, once: true});
		})()`)
		d.drops(file, 450, 300)
		d.patient(time.Minute, `!!at.done`)
		opened = append(opened, evaluate[float64](d, "at.opened - began"))
		picks = append(picks, evaluate[float64](d, "at.picks - at.opened"))
		token = append(token, evaluate[float64](d, `parseFloat(document.querySelector('`+id("column-0")+`').textContent.match(/, ([\d.]+) ms a token/)[1])`))
		held = append(held, t.largestRenderer(d))
		d.tab.Close()
	}
	t.add("SmolLM2 dropped on the static site: opened", "3000 ms", "ms", opened)
	t.add("SmolLM2: 512 tokens read, first picks", "10000 ms", "ms", picks)
	t.add("SmolLM2: a token", "150 ms", "ms", token)
	t.add("SmolLM2: the most memory of the tab's process, a demo model beside it", "700 MB", "MB", held)
}

// patient is wait with another limit.
func (d *desk) patient(most time.Duration, expression string) {
	d.t.Helper()
	d.do(chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(most)))
}

// largestRenderer is the most memory that any process that shows a page of d's browser has
// had, in MB, as Linux says it.
func (t *table) largestRenderer(d *desk) (most float64) {
	parents, peaks := map[int]int{}, map[int]float64{}
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.b.Fatal(err)
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		for line := range strings.Lines(string(text)) {
			var n int
			if _, err := fmt.Sscanf(line, "PPid: %d", &n); err == nil {
				parents[pid] = n
			}
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &n); err == nil {
				peaks[pid] = float64(n) / 1000
			}
		}
	}
	browser := chromedp.FromContext(d.tab.Context).Browser.Process().Pid
	for pid, peak := range peaks {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil || !strings.Contains(string(command), "--type=renderer") {
			continue
		}
		at := pid
		for at > 1 && at != browser {
			at = parents[at]
		}
		if at == browser {
			most = max(most, peak)
		}
	}
	return most
}

// harness runs the benchmarks of a test program in a page and keeps what they print.
const harness = `<!doctype html><script src="go.js"></script><script src="boot.js"></script><script>
	window.printed = "";
	const decoder = new TextDecoder();
	fs.writeSync = (fd, bytes) => { printed += decoder.decode(bytes); return bytes.length };
	const go = new Go();
	go.argv = ["simd.test", "-test.run=^$", "-test.bench=^BenchmarkTables$/^MatMul$/^512x512x512$|^BenchmarkPrefill$", "-test.benchtime=1s"];
	go.exit = (code) => { window.ended = code };
	kvscopeImports(go);
	WebAssembly.instantiateStreaming(fetch("simd.wasm"), go.importObject).then((program) => go.run(program.instance));
</script>`

// engine runs the benchmarks of package simd in the browser, its own table and the plain one in
// turn, and adds how many times as fast ours is.
func (t *table) engine() {
	program := filepath.Join(t.b.TempDir(), "simd.wasm")
	build := exec.Command("go", "test", "-c", "-o", program, "kvscope/web/simd")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if said, err := build.CombinedOutput(); err != nil {
		t.b.Fatalf("%v: %s", err, said)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.b.Fatal(err)
	}
	files := map[string]string{"/go.js": filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"), "/boot.js": filepath.Join("..", "..", "wasm_exec.js"), "/simd.wasm": program}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := files[r.URL.Path]; ok {
			http.ServeFile(w, r, path)
			return
		}
		fmt.Fprint(w, harness)
	}))
	defer s.Close()
	d := &desk{t.b, browsertest.OpenFor(t.b, 3*time.Minute), nil, s.URL}
	d.do(chromedp.Navigate(s.URL))
	d.patient(2*time.Minute, `"ended" in window`)
	printed := evaluate[string](d, "printed")
	took := func(name string) float64 {
		m := regexp.MustCompile(regexp.QuoteMeta(name) + `\S*\s+\d+\s+([\d.]+) ns/op`).FindStringSubmatch(printed)
		if m == nil {
			t.b.Fatalf("no figure of %s in %s", name, printed)
		}
		ns, _ := strconv.ParseFloat(m[1], 64)
		return ns
	}
	for _, c := range []struct{ name, what, target string }{
		{"BenchmarkTables/MatMul/512x512x512", "product of 512 × 512 matrices", "4 times"}, {"BenchmarkPrefill", "1,024 tokens read by a model of the demo models' shape", "3 times"},
	} {
		plain, ours := took(c.name+"/go"), took(c.name+"/wasm-relaxed-simd")
		t.add(fmt.Sprintf("engine in the browser, %s: %.0f ms by plain Go, %.1f by vector instructions; so many times as fast", c.what, plain/1e6, ours/1e6), c.target, "times", []float64{plain / ours})
	}
	d.tab.Close()
}

// stopping stops runs of the engine in the browser and looks at how long the page is busy
// meanwhile.
func (t *table) stopping() {
	d := inTheBrowser(t.b)
	tasks := d.tasks(func() { d.stopsRuns(8) })
	t.add("engine in the browser: from Stop to the end of the run", fmt.Sprint(mostStop, " ms"), "ms", evaluate[[]float64](d, "stops"))
	t.add("engine in the browser: the page's longest tasks while it reads 1,024 tokens, one a run", fmt.Sprint(mostTask, " ms"), "ms", tasks[:8])
	d.tab.Close()
}

// BenchmarkBrowserEngine is the part of BenchmarkPage that is about the engine in the browser.
func BenchmarkBrowserEngine(b *testing.B) {
	t := &table{b: b, browser: runtime.GOOS}
	for b.Loop() {
		t.rows = nil
		t.engine()
		t.stopping()
		t.ownModel()
	}
	t.print()
}
