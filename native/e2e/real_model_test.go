package e2e

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/native/browsertest"
)

// TestEveryMethodOnSmolLM2 chooses each method in turn on a prompt of SmolLM2, beside a demo
// model: behind the server, and in the page's own engine, where the file was dropped. Each
// answers, with the picks of the run without a page, but the indexer, which says that there is
// no index of this model. It takes many minutes, so KVSCOPE_SMOLLM2=1 asks for it; the file
// is fetched by `make smollm2`.
func TestEveryMethodOnSmolLM2(t *testing.T) {
	file, err := filepath.Abs(filepath.Join("..", "..", "bin", "SmolLM2.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if os.Getenv("KVSCOPE_SMOLLM2") == "" || err != nil {
		t.Skip("takes minutes: KVSCOPE_SMOLLM2=1 runs it, with the model that `make smollm2` fetches")
	}
	const query = "?task=S-2&seed=3&context=400&max_new=3&budget=1/4&head=0.0"
	e := demoEngine(t)
	if err := e.AddFile("SmolLM2", data); err != nil {
		t.Fatal(err)
	}
	open := func(host, path string) *desk {
		d := &desk{t, browsertest.OpenFor(t, time.Hour), e, host}
		d.do(chromedp.Navigate(host + path))
		d.patient(5*time.Minute, allDone)
		return d
	}
	t.Run("server", func(t *testing.T) {
		s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<30)))
		defer s.Close()
		d := open(s.URL, "/"+query+"&left=SmolLM2&right=attention")
		defer d.tab.Close()
		d.everyMethod(t)
	})
	t.Run("page", func(t *testing.T) {
		s := static(t, demoEngine(t), assets.Models())
		d := open(s.URL, below+"/"+query+"&right=attention")
		defer d.tab.Close()
		d.drops(file, 450, 300)
		d.patient(10*time.Minute, `document.querySelector('`+id("column-0")+`').dataset.model === "SmolLM2" && `+allDone)
		d.everyMethod(t)
	})
}

// everyMethod holds what the first column shows of SmolLM2, method by method, to the run.
func (d *desk) everyMethod(t *testing.T) {
	d.t = t
	for _, m := range sparse.Methods() {
		started, before := time.Now(), d.gens()
		over := `document.querySelector('` + id("column-0") + `').dataset.state`
		if m.ID != d.method() {
			d.choose("method", m.ID)
			d.patient(10*time.Minute, fmt.Sprintf(`%s !== %q && ["done", "failed"].includes(%s) && (%s === "failed" || %s)`, gensOf, before, over, over, allDone))
		}
		if said := evaluate[string](d, `document.querySelector('`+id("failure-0")+`')?.textContent ?? ""`); evaluate[string](d, over) == "failed" || said != "" {
			if m.ID != "indexer" {
				t.Errorf("%s fails: %s", m.ID, said)
			}
			t.Logf("%s: %s", m.ID, said)
			continue
		}
		if m.ID == "indexer" {
			t.Error("an index of SmolLM2 is nowhere, and still something was selected by it")
		}
		if answer := evaluate[string](d, `[...document.querySelectorAll('`+id("answer-0")+` .got')].map((e) => e.textContent).join("")`); answer == "" {
			t.Errorf("%s: no answer", m.ID)
		}
		d.samePicks(run.Request{
			Task: "S-2", Seed: 3, Context: new(400), MaxNew: new(3),
			Config: sparse.Config{Method: m.ID, Values: sparse.Values{"budget": "1/4", "block": "16"}},
		}, "SmolLM2", "attention")
		t.Logf("%s: %s", m.ID, time.Since(started).Round(100*time.Millisecond))
	}
	d.quiet()
}

// method is the method that is chosen.
func (d *desk) method() string {
	return evaluate[string](d, `document.querySelector('`+id("choose-method")+` input:checked')?.value ?? ""`)
}
