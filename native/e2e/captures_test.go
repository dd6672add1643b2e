package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/engine/checkpoint"
)

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
			"prompt":    `document.querySelectorAll('` + id("strip-0") + ` .tb').length === 12`,
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
