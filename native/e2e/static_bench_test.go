package e2e

import (
	"context"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/native/browsertest"
)

// withoutServer opens the static site with the demo models in browsers that never saw it:
// the picture is of the recorded runs, and the answer that is then asked for is the
// browser's own.
func (t *table) withoutServer() {
	s := static(t.b, demoEngine(t.b), assets.Models())
	var picture, answers, own []float64
	for range 5 {
		d := &desk{t.b, browsertest.Open(t.b), nil, s.URL}
		d.do(chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(marks).Do(ctx)
			return err
		}))
		d.do(chromedp.Navigate(s.URL + below + "/"))
		d.wait(`"answers" in marks`)
		at := evaluate[map[string]float64](d, "marks")
		picture, answers = append(picture, at["picture"]), append(answers, at["answers"])
		begun := evaluate[float64](d, "performance.now()")
		d.press(id("run"))
		d.wait(`[...document.querySelectorAll("section.column")].every((c) => c.dataset.recorded === "false") && ` + allDone)
		own = append(own, evaluate[float64](d, "performance.now()")-begun)
		d.tab.Close()
	}
	t.add("static site, cold: first block grid, recorded", "1500 ms", "ms", picture)
	t.add("static site, cold: recorded answers", "", "ms", answers)
	t.add("static site: first own answers after Run, weights fetched meanwhile", "4000 ms", "ms", own)
}
