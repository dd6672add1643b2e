package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
	"kvscope/native/server"
)

// below is where the static site begins on its host.
const below = "/some/where"

// static serves a static site of models on a path of its host.
func static(t testing.TB, e *run.Engine, models fs.FS) *httptest.Server {
	t.Helper()
	return staticOf(t, e, models, ownProgram(t))
}

// staticOf is static with a program.
func staticOf(t testing.TB, e *run.Engine, models fs.FS, p dist.Program) *httptest.Server {
	t.Helper()
	site := siteOf(t, e, server.StaticConfig{Program: p, Version: "test", Snapshots: true, Models: models})
	s := httptest.NewServer(http.StripPrefix(below, http.FileServerFS(site)))
	t.Cleanup(s.Close)
	return s
}

// siteOf is a static site as files.
func siteOf(t testing.TB, e *run.Engine, c server.StaticConfig) fstest.MapFS {
	t.Helper()
	c.Runner = run.NewCache(e, 0)
	files, err := server.Static(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	site := fstest.MapFS{}
	for name, data := range files {
		site[name] = &fstest.MapFile{Data: data}
	}
	return site
}

// lands is wait for something that stands on another page, which the browser goes to.
func (d *desk) lands(expression string) {
	d.t.Helper()
	for range 200 {
		var there bool
		if chromedp.Run(d.tab.Context, chromedp.Evaluate(expression, &there)) == nil && there {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.t.Fatalf("the browser is not where %s", expression)
}

// A site on a USB stick runs in a browser without any server: the recorded runs, own ones in
// workers, steps of trainings, the lecture, and back.
func TestSiteOnADisk(t *testing.T) {
	p := ownProgram(t)
	e, folder := newEngine(t), filepath.Join(t.TempDir(), "USB stick")
	if err := os.CopyFS(folder, siteOf(t, e, server.StaticConfig{Program: p, Snapshots: true, Disk: true, Models: newModels(t)})); err != nil {
		t.Fatal(err)
	}
	d := &desk{t, browsertest.Open(t), e, "file://" + folder}
	d.do(chromedp.Navigate(d.url + "/index.html"))
	d.finished("")
	d.samePicks(first)
	d.rerun(func() { d.press(id("run")) })
	d.samePicks(first)
	req := first
	req.Method = "moba"
	d.rerun(func() { d.choose("method", "moba") })
	d.samePicks(req)
	d.press(id("choose-view-1") + ` input[value="training"]`)
	d.rerun(func() { d.scrub(1, 0) })
	d.both(req, "@10")
	d.press(`.nav a[href$="/lessons"]`)
	d.lands(`location.pathname.endsWith("/lessons/index.html") && document.querySelector('` + id("lessons") + `')?.dataset.ready === "true"`)
	d.press(id("lessons") + ` a[href*="lesson="]`)
	d.lands(`location.pathname.endsWith("stick/index.html") && location.search.includes("lesson=") && ` + allDone)
	d.kept(id("lesson-notes"))
	if at := evaluate[string](d, `document.querySelector('`+id("lesson-notes")+`').pathname`); !strings.HasSuffix(at, "stick/notes/index.html") {
		t.Errorf("the notes are looked for at %s", at)
	}
	// Models of one's own run there too, but for a folder that is dropped.
	own := folderOfAModel(t, "tiny")
	shows := d.opensTiny(own)
	d.do(chromedp.Navigate(d.url + "/index.html" + tinyQuery))
	d.finished("")
	d.drops(own, 450, 300)
	d.has(id("unopened-0"), "choose it by the button “a folder”")
	d.do(chromedp.SetUploadFiles("#request-own-folder", []string{own}, chromedp.ByQuery))
	shows()
	for _, url := range d.tab.Requests() {
		if !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "blob:") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page asks for %s", url)
		}
	}
	d.quiet()
	// Several workers want one file at once, and it may not be there.
	for file, want := range map[string]string{"wasm_exec.js": "", "lost": "lost.js is not there"} {
		asked := fmt.Sprintf(`Promise.race([
			Promise.all([fetch(%[1]q), fetch(%[1]q)].map((file) => file.then((r) => r.arrayBuffer()))).then(([a, b]) => a.byteLength > 0 && a.byteLength === b.byteLength ? "" : "other bytes", (err) => err.message),
			new Promise((late) => setTimeout(late, 20000, "does not come")),
		])`, d.url+"/"+file)
		for range 2 {
			var said string
			if d.do(chromedp.Evaluate(asked, &said, awaited)); !strings.HasSuffix(said, want) || (said == "") != (want == "") {
				t.Errorf("%s, asked for twice at once: %q, want %q", file, said, want)
			}
		}
	}
}

// The static site shows its recorded runs, then runs what is asked for in the browser,
// and picks what the engine behind the server picks; nothing but its files is asked for.
func TestStaticSite(t *testing.T) {
	e := newEngine(t)
	s := static(t, e, newModels(t))
	d := &desk{t, browsertest.Open(t), e, s.URL}
	started := time.Now()
	d.do(chromedp.Navigate(s.URL + below + "/"))
	d.finished("")
	t.Logf("first picture after %v", time.Since(started).Round(time.Millisecond))
	recorded := func(want string) {
		t.Helper()
		d.wait(`[...document.querySelectorAll("section.column")].every((c) => c.dataset.recorded === "` + want + `")`)
	}
	recorded("true")
	d.has(id("engine"), "in this browser")
	req := run.Request{Task: "MK-2", Seed: 3, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}
	d.samePicks(req)
	started = time.Now()
	d.rerun(func() { d.press(id("run")) })
	t.Logf("first own answer after %v more", time.Since(started).Round(time.Millisecond))
	recorded("false")
	d.samePicks(req)
	for _, method := range []string{"snapkv", "moba", "twilight"} {
		d.rerun(func() { d.choose("method", method) })
		req.Method = method
		d.samePicks(req)
	}
	d.press(id("choose-view-1") + ` input[value="memory"]`)
	d.wait(`!!document.querySelector('` + id("memory-1") + ` canvas')`)
	d.press(id("choose-view-1") + ` input[value="training"]`)
	d.rerun(func() { d.scrub(1, 0) })
	d.wait(`location.search.includes("left=attention@10&right=ratplus@10")`)
	d.both(req, "@10")

	// An address of it can be opened, and the pages lead to each other.
	if got := evaluate[string](d, "location.pathname"); got != below+"/" {
		t.Errorf("the address is %s", got)
	}
	d.press(`.nav a[href$="/gallery"]`)
	d.wait(`!!document.querySelector('` + id("gallery") + ` [data-specimen="quest"] canvas')`)
	d.do(chromedp.Reload())
	d.wait(`document.documentElement.dataset.boot === "running" && location.pathname === "` + below + `/gallery" && !!document.querySelector('` + id("gallery") + `')`)
	d.press(`.nav a`)
	d.finished("")
	if evaluate[bool](d, `!!document.querySelector('.nav a[href*="experiments"]')`) {
		t.Error("a link leads to experiments, which a site without a server does not have")
	}
	for _, url := range d.tab.Requests() {
		if at, ours := strings.CutPrefix(url, s.URL); ours && !strings.HasPrefix(at, below+"/") || strings.Contains(url, "/api/") {
			t.Errorf("the page asks for %s", url)
		}
	}
	d.quiet()
}

// The site that is exported has all of its files within ten megabytes, names none that
// is not there, and none by an address that begins at the host.
func TestStaticSiteIsWhole(t *testing.T) {
	p := ownProgram(t)
	files, err := server.Static(t.Context(), server.StaticConfig{Program: p, Models: assets.Models(), Runner: run.NewCache(demoEngine(t), 0)})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for name, data := range files {
		size += len(data)
		if path.Ext(name) != ".html" {
			continue
		}
		for _, attribute := range []string{`href="`, `src="`} {
			for _, rest := range strings.Split(string(data), attribute)[1:] {
				address, _, _ := strings.Cut(rest, `"`)
				file, _, _ := strings.Cut(address, "?")
				at := path.Join(path.Dir(name), file)
				if strings.HasPrefix(address, "data:") || slices.Contains([]string{".", "embed", "gallery", "lessons", "notes", "traces"}, at) {
					continue
				}
				if _, there := files[at]; !there {
					t.Errorf("%s names %s, which is not there", name, address)
				}
			}
		}
	}
	if size > 10<<20 {
		t.Errorf("%d files of %.1f MB, want at most 10", len(files), float64(size)/(1<<20))
	}
}
