package e2e

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// quest is the request that the page begins with.
var quest = run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}

func withModel(req run.Request, model string) run.Request {
	req.Model = model
	return req
}

// head returns the tensors of a head in the run of a request.
func (d *desk) head(req run.Request, model string, layer, head int) *lens.HeadTensors {
	d.t.Helper()
	req = withModel(req, model)
	cache := run.NewCache(d.engine, 1)
	if err := cache.Run(d.t.Context(), req, &trace.Run{}); err != nil {
		d.t.Fatal(err)
	}
	h, err := cache.Cached(req.ID()).Head(layer, head)
	if err != nil {
		d.t.Fatal(err)
	}
	return h
}

// data reads a data attribute off the page.
func (d *desk) data(selector, name string) string {
	d.t.Helper()
	return evaluate[string](d, fmt.Sprintf("document.querySelector(%q).dataset.%s ?? ''", selector, name))
}

// place is a point of an element, as shares of its width and height.
func (d *desk) place(selector string, x, y float64) (float64, float64) {
	d.t.Helper()
	at := evaluate[[]float64](d, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "nearest"}); const r = e.getBoundingClientRect(); return [r.left + r.width * %g, r.top + r.height * %g] })()`, selector, x, y))
	return at[0], at[1]
}

func (d *desk) moveTo(x, y float64) {
	d.t.Helper()
	d.do(chromedp.MouseEvent(input.MouseMoved, x, y))
}

// The map shows the attention of the very run, cell by cell, and can be moved; where
// it stands is in the address.
func TestAttentionMap(t *testing.T) {
	d := sit(t, "?view=attention&head=1.0&wide=1")
	d.finished("")
	built := `document.querySelector('` + id("map-1") + `')?.dataset.built === "true"`
	d.wait(built)
	want := d.head(quest, "ratplus", 1, 0)
	if got := d.data(id("map-1"), "positions"); got != strconv.Itoa(want.Len()) {
		t.Errorf("the map has %s positions, the run %d", got, want.Len())
	}
	exact := func() {
		t.Helper()
		query, err1 := strconv.Atoi(d.data(id("map-1"), "query"))
		key, err2 := strconv.Atoi(d.data(id("map-1"), "key"))
		if err1 != nil || err2 != nil {
			t.Fatalf("nothing is read out: %v %v", err1, err2)
		}
		row := make([]float32, query+1)
		want.Row(ops.Reference(), row, query)
		if got, want := d.data(id("map-1"), "weight"), strconv.FormatFloat(float64(row[key]), 'g', 4, 32); got != want {
			t.Errorf("query %d pays key %d %s on the page and %s in the run", query, key, got, want)
		}
	}
	pointed := `document.querySelector('` + id("map-1") + `').dataset.key !== ""`
	canvas := id("map-1") + " canvas"
	// What is pointed out is drawn over the map, and gone with the pointer.
	picture := `document.querySelector('` + canvas + `').toDataURL()`
	d.wait(`(window.rest === (window.rest = ` + picture + `))`)
	x, y := d.place(canvas, 0.3, 0.6)
	d.moveTo(x, y)
	d.wait(pointed + " && " + picture + " !== rest")
	d.moveTo(2, 2)
	d.wait(picture + " === rest")
	d.moveTo(x, y)
	d.wait(pointed)
	exact()
	// What is under the crosshair is read out beside it.
	key := d.data(id("map-1"), "key")
	n, _ := strconv.Atoi(key)
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.block === "%d"`, id("inspector-block"), n/16))

	d.do(chromedp.ActionFunc(input.DispatchMouseEvent(input.MouseWheel, x, y).WithDeltaX(0).WithDeltaY(-720).Do))
	d.wait(`location.search.includes("map=")`)
	d.wait(built)
	frame := d.data(id("map-1"), "frame")
	d.moveTo(x+1, y+1)
	d.wait(pointed)
	exact()
	d.do(chromedp.MouseEvent(input.MousePressed, x, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseMoved, x-40, y-30, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseReleased, x-40, y-30, chromedp.ButtonLeft))
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.frame !== %q`, id("map-1"), frame))
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.frame === document.querySelector('%s').dataset.frame`, id("map-0"), id("map-1")))
	d.do(chromedp.KeyEvent("l"), chromedp.KeyEvent("k"))
	d.wait(`document.querySelector('` + id("map-0") + `').dataset.linear === "true" && location.search.includes("nosink=1")`)
	query := evaluate[string](d, "location.search")
	d.do(chromedp.Reload())
	d.finished("")
	d.wait(built)
	if got := evaluate[string](d, "location.search"); got != query {
		t.Errorf("reloaded, the address is %s, was %s", got, query)
	}
	d.do(chromedp.KeyEvent("0"))
	d.wait(`document.querySelector('` + id("map-1") + `').dataset.frame === ""`)
	d.do(chromedp.Focus(canvas, chromedp.ByQuery), chromedp.KeyEvent("+"))
	d.wait(`document.querySelector('` + id("map-1") + `').dataset.frame !== ""`)
	d.quiet()
}

// The memory view says what the gates of the very run say.
func TestMemoryView(t *testing.T) {
	d := sit(t, "?view=memory&head=0.1")
	d.finished("")
	d.wait(`!!document.querySelector('` + id("kernel-1") + ` .arcs svg')`)
	h := d.head(quest, "ratplus", 0, 1)
	same := func() {
		t.Helper()
		entry, err := strconv.Atoi(d.data(id("kernel-1"), "entry"))
		if err != nil {
			t.Fatal(err)
		}
		kernel := h.MemoryKernel(entry)
		if got, want := d.data(id("kernel-1"), "own"), strconv.FormatFloat(float64(kernel[entry]), 'f', 4, 32); got != want {
			t.Errorf("entry %d holds %s of its own token on the page, %s in the run", entry, got, want)
		}
		if got, want := d.data(id("memory-1"), "length"), strconv.Itoa(h.MemoryLength(entry)); got != want {
			t.Errorf("the memory of entry %d is %s tokens long on the page, %s in the run", entry, got, want)
		}
		bars := evaluate[map[string]string](d, `Object.fromEntries([...document.querySelectorAll('`+id("kernel-1")+` [data-at]')].map(e => [e.dataset.at, e.dataset.weight]))`)
		if len(bars) < 3 {
			t.Errorf("%d bars", len(bars))
		}
		for at, weight := range bars {
			n, _ := strconv.Atoi(at)
			if got, err := strconv.ParseFloat(weight, 32); err != nil || math.Abs(got-float64(kernel[n])) > 1e-3 {
				t.Errorf("token %s has %s of entry %d on the page, %g in the run", at, weight, entry, kernel[n])
			}
		}
	}
	same()
	x, y := d.place(id("gates-1")+" canvas", 0.62, 0.5)
	before := d.data(id("kernel-1"), "entry")
	d.moveTo(x, y)
	d.wait(fmt.Sprintf(`document.querySelector('%s').dataset.entry !== %q`, id("kernel-1"), before))
	same()
	d.press(id("strip-1") + ` [data-t="70"]`)
	d.moveTo(5, 5)
	d.wait(`document.querySelector('` + id("kernel-1") + `').dataset.entry === "70" && location.search.includes("token=70")`)
	same()
	d.wait(`document.querySelector('` + id("view-0") + `').textContent.includes("no memory")`)
	// Effective lengths of all heads are a metric.
	r := d.direct(run.Request{Model: "ratplus", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	d.menu(id("choose-metric-1"), "memory")
	d.wait(`document.querySelector('` + id("heads-1") + `').dataset.metric === "memory"`)
	for _, hit := range r.Done.Hits {
		got := d.data(fmt.Sprintf(`%s [data-layer="%d"][data-head="%d"]`, id("heads-1"), hit.Layer, hit.Head), "value")
		if got != strconv.Itoa(hit.MemoryLength) {
			t.Errorf("layer %d head %d: memory of %s tokens on the page, %d in the run", hit.Layer, hit.Head, got, hit.MemoryLength)
		}
	}
	d.quiet()
}

// The scores are those of the trace, and so are rank and votes in the inspector.
func TestScores(t *testing.T) {
	d := sit(t, "?view=scores&head=1.1&line=2")
	d.finished("")
	d.wait(`document.querySelectorAll('` + id("scores-0") + ` circle').length > 5`)
	r := d.direct(run.Request{Model: "attention", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}})
	s := r.Selection(2, 1, 1)
	if got := d.data(id("scores-0"), "points"); got != strconv.Itoa(s.Candidates) {
		t.Errorf("%s points for %d blocks", got, s.Candidates)
	}
	d.press(id("grid-0")) // the page has the keyboard
	evaluate[any](d, `document.querySelector('`+id("scores-0")+` [data-dot="7"]').dispatchEvent(new MouseEvent("click", {bubbles: true}))`)
	d.wait(`document.querySelector('` + id("inspector-block") + `').dataset.block === "7"`)
	figure := func(name string) string {
		return evaluate[string](d, `document.querySelector('`+id("inspector-block")+` [data-figure="`+name+`"][data-side="0"]').textContent`)
	}
	if got, want := figure("score"), strconv.FormatFloat(float64(s.Scores[7]), 'g', 4, 32); got != want {
		t.Errorf("block 7 scores %s on the page, %s in the run", got, want)
	}
	if got, want := figure("score-rank"), strconv.Itoa(figures.Rank(s.Scores, 7)+1); got != want {
		t.Errorf("block 7 is number %s by score on the page, %s in the run", got, want)
	}
	if got, want := figure("mass-rank"), strconv.Itoa(figures.Rank(s.Mass, 7)+1); got != want {
		t.Errorf("block 7 is number %s by mass on the page, %s in the run", got, want)
	}
	gens := d.gens()
	d.choose("method", "snapkv")
	d.finished(gens)
	d.press(id("grid-0"))
	d.wait(`!!document.querySelector('` + id("inspector-block") + ` [data-figure="votes"]')`)
	cost := evaluate[string](d, `document.querySelector('`+id("inspector-cost")+`').textContent`)
	if !strings.Contains(cost, "if dense") || !strings.Contains(cost, "µs") && !strings.Contains(cost, "ms") {
		t.Errorf("no time of attention in %q", cost)
	}
	d.scrubs()
	d.quiet()
}

// scrubs moves the slider of the training: the question runs at the step that it rests at,
// in both columns, and beside them at every step, since a server is near.
func (d *desk) scrubs() {
	d.t.Helper()
	query := "?view=training&head=1.1"
	if otherHost(d.t) != "" { // unasked only where it slows nothing down
		query += "&every=1"
	}
	d.rerun(func() { d.visit(query) })
	d.wait(`document.querySelectorAll('.course [data-lane]').length === 6`)
	d.rerun(func() { d.scrub(1, 0) })
	d.wait(`location.search.includes("left=attention@10&right=ratplus@10")`)
	d.both(quest, "@10")
	d.wait(`[0, 1].every(i => document.querySelectorAll('[data-testid="course-' + i + '"] [data-bar]').length === 3)`)
	d.rerun(func() { d.do(chromedp.Focus(id("steps-0"), chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight)) })
	d.wait(`location.search.includes("left=attention@20&right=ratplus@20") && document.querySelector('` + id("steps-1") + `').value === "1"`)
}

// scrub drags the slider of the right column's training over steps, to the last of them.
func (d *desk) scrub(steps ...int) {
	evaluate[any](d, fmt.Sprintf(`(() => {
		const e = document.querySelector('`+id("steps-1")+`');
		for (e.value of [%s]) e.dispatchEvent(new Event("input", {bubbles: true}));
	})()`, strings.Trim(strings.ReplaceAll(fmt.Sprint(steps), " ", ","), "[]")))
}

// Heads can be ranked, and the ranking is that of the figures.
func TestRanking(t *testing.T) {
	d := sit(t, "?metric=mass")
	d.finished("")
	d.do(chromedp.KeyEvent("r"))
	d.wait(`document.querySelector('` + id("heads-1") + `').dataset.ranked === "true" && location.search.includes("ranked=1")`)
	values := evaluate[[]string](d, `[...document.querySelectorAll('`+id("heads-1")+` button')].map(e => e.dataset.value)`)
	if len(values) != 4 {
		t.Fatalf("%d heads are ranked, want 4", len(values))
	}
	last := 2.0
	for _, v := range values {
		x, err := strconv.ParseFloat("0"+strings.TrimPrefix(v, "0"), 64)
		if v == "1" {
			x = 1
		}
		if err != nil || x > last {
			t.Errorf("ranking %v", values)
		}
		last = x
	}
	d.press(id("heads-1") + ` li:nth-child(2) button`)
	d.wait(`document.querySelector('` + id("heads-1") + ` li:nth-child(2) button').ariaPressed === "true"`)
	d.press(id("ranked-0"))
	d.wait(`!document.querySelector('` + id("heads-0") + `').dataset.ranked`)
	d.do(chromedp.KeyEvent(kb.Escape))
	d.quiet()
}
