package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/native/browsertest"
	"kvscope/web/api"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
)

// markup is text that a page which took it for its own would run, or at least draw.
const markup = `"'><img src=x onerror="window.hurt=1"><svg onload="window.hurt=1"></svg><script>window.hurt=1</script>`

// unhurt fails the test where something of markup has become a part of the page.
func (d *desk) unhurt(where string) {
	d.t.Helper()
	if !evaluate[bool](d, `window.hurt === undefined && !document.querySelector('img[src="x"], [onerror], [onload]') && ![...document.scripts].some(s => s.textContent.includes("hurt"))`) {
		d.t.Errorf("%s: markup is a part of the page", where)
	}
}

// Markup in every field of a link, in own text, in a run's file and its name, and in the name
// of an experiment is text, on the page and in the report.
func TestMarkupIsText(t *testing.T) {
	e := newEngine(t)
	d := &desk{t, browsertest.Open(t), e, labServer(t, e, func() {})}
	link := url.Values{"source": {"text"}}
	for _, name := range strings.Fields(`task seed context depth prose asks text key value questions text_name method selector selector_seed max_new memory_strength memory_cap
		select_with compute_with force drop left right third fourth head line at token metric shade view map speed hide ranked compare`) {
		link.Set(name, markup)
	}
	for _, p := range sparse.Params() {
		link.Set(p.Name, markup)
	}
	d.do(chromedp.Navigate(d.url + "/?" + link.Encode()))
	d.wait(`!!document.querySelector('.problem:not([hidden])')`)
	d.unhurt("a link")

	// Short, for models that are.
	own := url.Values{"source": {"text"}, "text": {"The river <svg onload=hurt=1> ran. It ran past <img src=x onerror=hurt=1> the mill. "}, "key": {"<b onload=x>"}, "value": {"<i onload=x>"}, "view": {"prompt"}, "head": {"0.0"}}
	d.do(chromedp.Navigate(d.url + "/?" + own.Encode()))
	d.finished("")
	d.wait(`document.querySelector('` + id("strip-0") + `')?.textContent.includes("onerror")`)
	d.unhurt("own text")

	_, file := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4}, func(r *trace.Run) {
		h := r.Header
		h.Model, h.Arch, h.Title, h.Task, h.Kernels, h.Question, h.Note, h.Rates, h.Expected, h.Ignored = markup, markup, markup, markup, markup, markup, markup, markup, []string{markup}, []string{markup}
		for i := range h.Tokens {
			h.Tokens[i].Text = markup
		}
		for i := range h.Pieces {
			h.Pieces[i] = markup
		}
		for i := range h.Answer {
			h.Answer[i].Text = markup
		}
		for i := range h.Needles {
			h.Needles[i].Key, h.Needles[i].Value = markup, markup
		}
		for i := range r.Steps {
			r.Steps[i].Token.Text = markup
		}
		r.Done.Answer = markup
	})
	name := strings.ReplaceAll(markup, "/", "|") + ".safetensors"
	d.drop(id("column-1"), name, file)
	d.wait(`document.querySelector('` + id("column-1") + `').dataset.file.includes("onerror") && document.querySelector('` + id("column-1") + `').dataset.state === "done"`)
	for _, view := range []string{"prompt", "memory", "scores", "attention"} {
		evaluate[any](d, `document.querySelector('`+id("view-1")+` input[value="`+view+`"]')?.click()`)
		d.unhurt("a run's file, " + view)
	}
	d.press(id("present"))
	d.unhurt("a run's file, presented")

	order, err := json.Marshal(map[string]any{"name": markup, "grid": map[string]any{"models": []string{"attention"}, "tasks": []string{"S-1"}, "methods": []string{"quest"}, "budgets": []string{"1/4"}, "examples": 2}})
	if err != nil {
		t.Fatal(err)
	}
	var x api.Described
	body := answered(t, d.url+"/api/experiments", string(order))
	if err := json.Unmarshal(body, &x); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	d.do(chromedp.Navigate(d.url + "/experiments?id=" + x.ID))
	d.wait(over + ` && document.body.textContent.includes("onerror")`)
	d.unhurt("an experiment")
	report := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(report, answered(t, d.url+"/api/experiments/"+x.ID+"/export?format=html", ""), 0o600); err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.Navigate("file://" + report))
	d.wait(`document.body.textContent.includes("onerror")`)
	d.unhurt("the report of an experiment")
	for _, said := range d.tab.Errors() { // which the browser says of what it does not run
		if strings.Contains(said, "Content Security Policy") {
			t.Error(said)
		}
	}
}

// answered is what a server answers to a request, which is posted where there is a body.
func answered(t *testing.T, at, body string) []byte {
	t.Helper()
	get := func() (*http.Response, error) { return http.Get(at) }
	if body != "" {
		get = func() (*http.Response, error) { return http.Post(at, "application/json", strings.NewReader(body)) }
	}
	resp, err := get()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s: %s %s %v", at, resp.Status, content, err)
	}
	return content
}
