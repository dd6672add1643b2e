package e2e

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/checkpoint"
	"kvscope/engine/lens"
	"kvscope/engine/runfile"
	"kvscope/engine/trace"
)

// saves lets the browser save into a folder.
func (d *desk) saves() string {
	d.t.Helper()
	folder := d.t.TempDir()
	d.do(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(folder).WithEventsEnabled(true))
	return folder
}

// saved is the content of the only file that ends as given, once it is whole.
func saved(t testing.TB, folder, suffix string) (name string, content []byte) {
	t.Helper()
	for range 200 {
		names, err := filepath.Glob(filepath.Join(folder, "*"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 1 {
			content, err := os.ReadFile(names[0])
			if err == nil && len(content) > 0 {
				return names[0], content
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing that ends in %s was saved", suffix)
	return "", nil
}

// A run saved from the page is the run, and opens again without the server's help.
func TestRunIsSavedAndOpened(t *testing.T) {
	d := sit(t, "?method=snapkv&budget=1/2&head=1.1")
	d.finished("")
	folder := d.saves()
	d.press(id("column-1") + ` [data-testid="save-run"]`)
	name, content := saved(t, folder, ".safetensors")
	file, err := runfile.Read(content)
	if err != nil {
		t.Fatal(err)
	}
	if file.Run.Header.Model != "ratplus" || file.Run.Done == nil || file.Heads == nil {
		t.Fatalf("the file holds %+v", file.Run.Header)
	}
	if head, err := file.Heads(1, 1); err != nil || len(head.Gate) == 0 {
		t.Fatalf("the file has a head %+v, %v", head, err)
	}
	d.press(id("column-1") + " " + id("keep"))
	d.has(id("said"), "The run is kept")
	want := d.picks(1)
	d.press(id("grid-0"))
	gens := d.gens()
	d.choose("method", "quest")
	d.finished(gens)
	before := len(d.tab.Requests())
	d.do(chromedp.SetUploadFiles("#open-run", []string{name}, chromedp.ByQuery))
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.file === %q`, id("column-0"), filepath.Base(name)))
	if got := d.picks(0); !reflect.DeepEqual(got, want) {
		t.Errorf("opened, the run shows %v, saved it showed %v", got, want)
	}
	d.choose("view-0", "memory")
	d.wait(`!!document.querySelector('` + id("kernel-0") + ` svg')`)
	for _, url := range d.tab.Requests()[before:] {
		if strings.Contains(url, "snapkv") || strings.Contains(url, file.Run.Header.ID) {
			t.Errorf("the server is asked for %s", url)
		}
	}
	// What is no run says so.
	bad := filepath.Join(folder, "notes.safetensors")
	if err := os.WriteFile(bad, []byte("not a run"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.SetUploadFiles("#open-run", []string{bad}, chromedp.ByQuery))
	d.has(id("unopened-0"), "notes.safetensors cannot be opened")
	d.press(id("unopened-0") + " button")
	d.wait(`!document.querySelector('` + id("unopened-0") + `')`)
	d.quiet()
}

// Maps open in the column of the button, survive a reload, and read as text whatever way
// their script runs; what is wrong with a file stands at its column.
func TestMapsAreOpened(t *testing.T) {
	d := sit(t, "?task=S-1")
	d.finished("")
	file := func(name string) string {
		path, err := filepath.Abs(filepath.Join("..", "..", "engine", "runfile", "testdata", "maps", name))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	shows := func(side int, name string) {
		t.Helper()
		d.wait(fmt.Sprintf(`document.querySelector('%s')?.dataset.file === %q && document.querySelector('%[1]s').dataset.state === "done"`, id("column-"+strconv.Itoa(side)), name))
	}
	upload := func(side int, path string) {
		d.do(chromedp.SetUploadFiles("#open-"+strconv.Itoa(side), []string{path}, chromedp.ByQuery))
	}
	upload(1, file("raw_pieces.npz"))
	shows(1, "raw_pieces.npz")
	if got := evaluate[string](d, `document.querySelector('`+id("column-0")+`').dataset.file`); got != "" {
		t.Errorf("the other column shows %s", got)
	}
	d.choose("view-1", "prompt")
	d.wait(`[...document.querySelectorAll('` + id("strip-1") + ` [data-t]')].map(e => e.textContent).join("") === "<|endoftext|>The quick brown fox\n\n’ theing dog. "`)
	// Kept only once the browser says so.
	d.wait(`!!sessionStorage.getItem("kvscope.file.1")`)
	d.do(chromedp.Reload())
	shows(1, "raw_pieces.npz")
	d.wait(`document.querySelector('` + id("column-0") + `').dataset.state === "done" && location.search.includes("head=0.0")`)
	d.wait(`[...document.querySelectorAll('` + id("strip-1") + ` [data-t]')].length === 12`)

	for name, want := range map[string]string{"rowsum.npz": "train mode", "leftpad_uniform.npz": "left padding", "torch.pt": "a PyTorch file"} { // the others by TestFilesThatPeopleHave of the page
		upload(1, file(name))
		d.has(id("unopened-1"), name+" cannot be opened")
		d.has(id("unopened-1"), want)
		shows(1, "raw_pieces.npz")
	}
	// Maps larger than memory are browsed: nothing of them is read but the head looked at.
	upload(1, hugeMaps(t))
	shows(1, "huge.safetensors")
	d.choose("view-1", "attention")
	d.wait(`document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`)
	upload(1, bombMaps(t))
	shows(1, "bomb.npz")
	d.wait(`document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`)

	// Every token stands to the right of the one before, or on another line.
	upload(0, file("rtl.npz"))
	shows(0, "rtl.npz")
	if wrong := evaluate[[]string](d, `(() => {
		const at = [...document.querySelectorAll('`+id("strip-0")+` [data-t]')].map(e => [e.textContent, e.getBoundingClientRect()]);
		return at.filter(([_, r], i) => i && r.width > 0 && Math.abs(r.top - at[i-1][1].top) < 3 && r.left < at[i-1][1].right - 1).map(([text]) => text);
	})()`); len(wrong) > 0 {
		t.Errorf("tokens out of order: %q", wrong)
	}
	// A run takes the place of both files, also after a reload.
	gens := d.gens()
	d.press(id("run"))
	d.finished(gens)
	d.do(chromedp.Reload())
	d.wait(allDone)
	if got := evaluate[string](d, `document.querySelector('`+id("column-1")+`').dataset.file + sessionStorage.getItem("kvscope.file.1")`); got != "null" {
		t.Errorf("after a run and a reload column 1 shows %q", got)
	}
	d.quiet()
}

// Texts go into the form, and RULER's files run at once by their own questions; of a text
// the page says what it has no needle for, and how much of it did not fit.
func TestTextsAreOpened(t *testing.T) {
	d := sit(t, "?task=S-1")
	d.finished("")
	gens := d.gens()
	open := func(name, content string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		d.do(chromedp.SetUploadFiles("#open-0", []string{path}, chromedp.ByQuery))
	}
	line := func(value string) string {
		return `{"index": 0, "input": "The grass is green. One of the special magic numbers for brave-lantern is: ` + value +
			`. The sky is blue.\nWhat is the special magic number for brave-lantern?", "answer_prefix": " It is", "outputs": ["` + value + `"], "length": 60}` + "\n"
	}
	open("validation.jsonl", line("1234567")+line("7654321"))
	d.finished(gens)
	d.has(id("asked"), "RULER, example 1")
	d.has(id("asked"), "expected 1234567")
	gens = d.gens()
	d.press(id("next-seed"))
	d.finished(gens)
	d.has(id("asked"), "expected 7654321")
	d.do(chromedp.Reload()) // the link holds it
	d.wait(allDone)
	d.has(id("asked"), "expected 7654321")
	gens = d.gens()
	d.press(id("next-seed"))
	d.has(id("problem-seed"), "3, want 1 to 2, the examples of the file")

	for _, c := range []struct{ name, key, value, said string }{
		{"has_needle.txt", "other", "", "the text has no needle for other; it has brave-lantern"},
		{"key_wrapped.txt", "brave lantern", "", "expected 1234567"},
		{"ruler_words.txt", "brave-lantern", "", "expected sunny-day"},
		{"cjk.txt", "k", "v", "expected v"},
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "engine", "niah", "testdata", "own", c.name))
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(text, []byte("One of")); at >= 0 { // what the small models have room for
			text = text[at-140 : at+210]
		}
		open(c.name, string(text))
		d.has(id("said"), c.name+" is in the text field")
		d.write("key", c.key)
		d.write("value", c.value)
		d.press(id("run"))
		d.finished(gens)
		d.has(id("asked"), c.said)
		gens = d.gens()
	}
	// A text without blanks has its needle at the depth of the form, the middle.
	if at := evaluate[float64](d, `(all => all.findIndex(e => e.matches(".asked")) / all.length)([...document.querySelectorAll('`+id("strip-0")+` [data-t]')])`); at < 0.45 || at > 0.55 {
		t.Errorf("the needle is at %.3f of the prompt, want 0.45 to 0.55", at)
	}
	open("long.txt", strings.Repeat("The grass is green. ", 300))
	d.write("value", "7")
	d.press(id("run"))
	d.finished(gens)
	d.has(id("asked"), "your text has 1 500 tokens, the first ")
	d.quiet()
}

// hugeMaps is a sparse file of 3.2 GB: 16 layers of 24 heads, the last 1,024 queries of
// 4,096 positions, which attend to nothing.
func hugeMaps(t *testing.T) string {
	t.Helper()
	const size = 16 * 24 * 1024 * 4096 * 2
	header := fmt.Sprintf(`{"attention":{"dtype":"F16","shape":[16,24,1024,4096],"data_offsets":[0,%d]}}`, size)
	name := filepath.Join(t.TempDir(), "huge.safetensors")
	if err := os.WriteFile(name, append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, int64(8+len(header)+size)); err != nil {
		t.Fatal(err)
	}
	return name
}

// bombMaps is an archive of about a megabyte whose one array unpacks to 1.07 GB.
func bombMaps(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bomb.npz")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	array, err := archive.Create("attention.npy")
	if err != nil {
		t.Fatal(err)
	}
	header := "{'descr': '<f2', 'fortran_order': False, 'shape': (8, 16, 2048, 2048), }"
	fmt.Fprintf(array, "\x93NUMPY\x01\x00%c\x00%s", len(header), header)
	for zeros, left := make([]byte, 1<<20), 8*16*2048*2048*2; left > 0; left -= len(zeros) {
		if _, err := array.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

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

// What is on the screen can be shared, shown large, and in part.
func TestSharingAndPresenting(t *testing.T) {
	d := sit(t, "?head=1.1&view=scores")
	d.finished("")
	d.do(browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}))
	d.press(id("share"))
	d.wait(`document.querySelector('` + id("said") + `').textContent.includes("copied")`)
	d.do(chromedp.KeyEvent("h"))
	d.wait(`getComputedStyle(document.querySelector(".controls")).display === "none" && getComputedStyle(document.querySelector(".inspector")).display === "none" && location.search.includes("present=1")`)
	d.do(chromedp.KeyEvent(kb.Escape))
	d.wait(`getComputedStyle(document.querySelector(".controls")).display !== "none"`)
	d.do(chromedp.Navigate(d.url + "/?hide=timeline,heads&wide=0"))
	d.finished("")
	d.wait(`getComputedStyle(document.querySelector(".timeline")).display === "none" && getComputedStyle(document.querySelector('[data-part="heads"]')).display === "none" && getComputedStyle(document.querySelector('[data-part="grid"]')).display !== "none"`)
	d.do(chromedp.KeyEvent("?"))
	d.wait(`document.querySelectorAll('` + id("keys") + ` dt').length >= 25`)
	d.quiet()
}

// largeRun is a file with one head that saw n positions.
func largeRun(t testing.TB, n int) string {
	t.Helper()
	const dim = 32
	r := rand.New(rand.NewPCG(1, 1))
	h := &lens.HeadTensors{Dim: dim, Prompt: n}
	for range n * dim {
		h.Q = append(h.Q, float32(r.NormFloat64()))
		h.K = append(h.K, float32(2*r.NormFloat64()))
	}
	run := &trace.Run{}
	tokens := make([]trace.Token, n)
	for i := range tokens {
		tokens[i] = trace.Token{ID: int32(i % 50), Text: "w" + strconv.Itoa(i%50)}
	}
	for _, e := range []trace.Event{
		&trace.Header{Model: "large", Arch: "attention", Layers: 1, Heads: 1, HeadDim: dim, Method: "dense", Phase: "decode", Block: 64, Tokens: tokens},
		&trace.Done{},
	} {
		if err := run.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	var content bytes.Buffer
	if err := (&runfile.File{Run: run, Heads: func(int, int) (*lens.HeadTensors, error) { return h, nil }}).Write(&content); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "large.safetensors")
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Queries and keys of any model open as a model: methods are replayed on them, side by side,
// with the views that need no model, and a reload finds them.
func TestCaptureIsOpened(t *testing.T) {
	d := sit(t, "?task=S-1&method=quest&budget=1/4")
	d.finished("")
	upload := func(side int, path string) {
		d.do(chromedp.SetUploadFiles("#open-"+strconv.Itoa(side), []string{path}, chromedp.ByQuery))
	}
	shows := func(side int, method string) {
		t.Helper()
		d.wait(fmt.Sprintf(`(c => c?.dataset.model === "own_ qk" && c.dataset.state === "done" && c.dataset.method === %q)(document.querySelector('%s'))`, method, id("column-"+strconv.Itoa(side))))
	}
	before := len(d.tab.Requests())
	upload(1, captureFile(t, nil))
	shows(1, "quest")
	evaluate[any](d, `(e => { e.value = "snapkv"; e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector('select[data-column="1"][data-part="method"]'))`)
	shows(1, "snapkv")
	upload(0, captureFile(t, nil))
	shows(0, "quest")
	shows(1, "snapkv")
	if text := evaluate[string](d, `document.querySelector('`+id("column-0")+`').innerText`); strings.Contains(text, "wrong") || !strings.Contains(text, "of 12 blocks") {
		t.Errorf("the column of a capture says %q", text)
	}
	d.press(id("heads-0") + ` [data-layer="1"][data-head="2"]`)
	for _, view := range []string{"scores", "attention", "prompt"} {
		d.choose("view-0", view)
		d.wait(map[string]string{
			"attention": `document.querySelector('` + id("map-0") + `')?.dataset.built === "true"`,
			"scores":    `!!document.querySelector('` + id("scores-0") + ` svg')`,
			"prompt":    `[...document.querySelectorAll('` + id("strip-0") + ` [data-t]')].length > 180`,
		}[view])
	}
	for _, url := range d.tab.Requests()[before:] {
		if strings.Contains(url, "/api/runs") {
			t.Errorf("the server is asked for %s", url)
		}
	}
	want := d.picks(0)
	d.wait(`!!sessionStorage.getItem("kvscope.capture.own_ qk")`)
	d.do(chromedp.Reload())
	shows(0, "quest")
	shows(1, "snapkv")
	if got := d.picks(0); !reflect.DeepEqual(got, want) {
		t.Errorf("after a reload it shows %v, before %v", got, want)
	}
	// What a file says of a method is in the form, until one goes back.
	upload(0, captureFile(t, map[string]string{"method": "moba", "chunk_size": "32", "moba_topk": "3"}))
	shows(0, "moba")
	if q := evaluate[string](d, "location.search"); !strings.Contains(q, "method=moba") || !strings.Contains(q, "block=32") || !strings.Contains(q, "k=3") {
		t.Errorf("the address is %q", q)
	}
	if said := evaluate[string](d, `document.querySelector('`+id("said")+`').textContent`); !strings.Contains(said, "the form has what it says: moba, block 32, k 3") {
		t.Errorf("it is said that %q", said)
	}
	evaluate[any](d, "history.back()")
	shows(0, "quest")
	d.quiet()
}

// captureFile is two layers of four heads on two, of 200 positions, with metadata.
func captureFile(t *testing.T, metadata map[string]string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	drawn := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	name := filepath.Join(t.TempDir(), "own: qk.safetensors")
	err := checkpoint.Save(name, metadata, []checkpoint.Tensor{
		checkpoint.NewF16("q", []int{2, 4, 200, 16}, drawn(2*4*200*16)), checkpoint.NewF16("k", []int{2, 2, 200, 16}, drawn(2*2*200*16)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}
