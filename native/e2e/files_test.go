package e2e

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
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
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

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
	const text = `[...document.querySelectorAll('[data-testid="strip-1"] .tb')].map(e => e.textContent).join("") === "<|endoftext|>The quick brown fox\n\n’ theing dog. "`
	d.wait(text)
	// Kept only once the browser says so.
	d.wait(`!!sessionStorage.getItem("kvscope.file.1")`)
	d.do(chromedp.Reload())
	shows(1, "raw_pieces.npz")
	d.wait(`document.querySelector('` + id("column-0") + `').dataset.state === "done" && location.search.includes("head=0.0")`)
	d.wait(text)

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
	if at := evaluate[float64](d, `(strip => {
		const before = document.createRange();
		before.setStart(strip, 0);
		before.setEndBefore(strip.querySelector(".asked"));
		return before.toString().length / strip.textContent.length;
	})(document.querySelector('`+id("strip-0")+`'))`); at < 0.4 || at > 0.6 {
		t.Errorf("the needle is at %.3f of the text, want 0.4 to 0.6", at)
	}
	open("long.txt", strings.Repeat("The grass is green. ", 300))
	d.write("value", "7")
	d.press(id("run"))
	d.finished(gens)
	d.has(id("asked"), "your text has 1 500 tokens, the first ")
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
