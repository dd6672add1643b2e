package e2e

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
)

// folderOfAModel is a Llama of eight files of weights with fresh values, as save_pretrained
// leaves one, and a tokenizer of single bytes, less the files that are left out.
func folderOfAModel(t *testing.T, name string, without ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("..", "..", "engine", "model", "testdata", "llama_head_dim"))); err != nil {
		t.Fatal(err)
	}
	bytes, next := map[string]int{}, rune(256)
	for b := range rune(256) { // by the letters that byte-level vocabularies write them with
		letter := b
		if b <= ' ' || b >= 127 && b <= 160 || b == 173 {
			letter, next = next, next+1
		}
		bytes[string(letter)] = int(b)
	}
	text, err := json.Marshal(map[string]any{
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false}, "decoder": map[string]any{"type": "ByteLevel"},
		"model": map[string]any{"type": "BPE", "vocab": bytes, "merges": []string{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "tokenizer.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range without {
		if err := os.Remove(filepath.Join(folder, file)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// tinyQuery asks what is asked of folderOfAModel.
const tinyQuery = "?source=prompt&text=The+river+ran+past+the+old+mill.&method=quest&budget=1/2&block=4&head=1.1"

// opensTiny is how to wait for a folder of folderOfAModel, as tiny, to run in the left column,
// with the picks that the engine has of it without a page.
func (d *desk) opensTiny(folder string) (shows func()) {
	d.t.Helper()
	if err := d.engine.Open("tiny", folder, ""); err != nil {
		d.t.Fatal(err)
	}
	want := map[string]string{}
	r := d.direct(run.Request{
		Model: "tiny", Prompt: "The river ran past the old mill.",
		Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/2", "block": "4"}},
	})
	for step := range r.Steps {
		want[strconv.Itoa(step)] = picked(r.Selection(step, 1, 1))
	}
	return func() {
		d.t.Helper()
		d.wait(`(c => c.dataset.model === "tiny" && c.dataset.state === "done" && c.dataset.stale === "false")(document.querySelector('` + id("column-0") + `'))`)
		if got := d.picks(0); !reflect.DeepEqual(got, want) {
			d.t.Errorf("the page picks %v, the command %v", got, want)
		}
	}
}

// A folder as Hugging Face leaves it runs in the browser, dropped with the mouse or chosen, on
// a static site and on the server's page, with the picks that the command has of it, also for
// who comes back from another page. What is missing in one is said.
func TestFolderOfAModel(t *testing.T) {
	e := newEngine(t)
	site := static(t, e, newModels(t))
	served := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28)))
	t.Cleanup(served.Close)
	folder := folderOfAModel(t, "tiny")
	d := &desk{t, browsertest.Open(t), e, site.URL}
	shows := d.opensTiny(folder)
	d.do(chromedp.Navigate(site.URL + below + "/" + tinyQuery))
	d.finished("")
	d.drops(folder, 450, 300)
	shows()
	// Who looks at another page and comes back finds the model still there.
	d.press(`.header a[href*="lessons"]`)
	d.wait(`document.querySelector('` + id("lessons") + `')?.dataset.ready === "true"`)
	evaluate[any](d, "history.back()")
	shows()
	for text, broken := range map[string]string{
		"model-00003-of-00008.safetensors is missing, which the index names":            folderOfAModel(t, "part", "model-00003-of-00008.safetensors"),
		"no config.json in the folder, and no model.safetensors":                        folderOfAModel(t, "weights", "config.json"),
		"neither model.safetensors nor model.safetensors.index.json beside config.json": folderOfAModel(t, "apart", "model.safetensors.index.json"),
	} {
		d.do(chromedp.SetUploadFiles("#request-own-folder", []string{broken}, chromedp.ByQuery))
		d.has(id("unopened-0"), text)
	}
	d.quiet()

	d.url = served.URL
	d.do(chromedp.Navigate(served.URL + "/" + tinyQuery))
	d.finished("")
	d.drops(folder, 450, 300)
	d.has(id("unopened-0"), "kvscope serve --model tiny")
	d.rerun(func() { d.press(id("choose-engine") + ` input[value="browser"]`) })
	d.do(chromedp.SetUploadFiles("#request-own-folder", []string{folder}, chromedp.ByQuery))
	shows()
	if wrong := d.tab.Errors(); len(wrong) > 0 {
		t.Errorf("errors on the console: %v", wrong)
	}
}
