package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kvscope/web/view"
)

// unreachable lists what of the page cannot be reached: controls that are of no size,
// that lie outside the document or below something else, text that another part of
// the page covers, and a page that is wider than its window. The button that skips to what
// is shown is there for the keyboard alone.
const unreachable = `(() => {
	const part = e => e.closest(".section, .picture, .view-box, .column-head, .timeline, .question-bar, .header, .go, .lab-list, .lab-head, .plot, .lab-findings, .lab-views") ?? e;
	const name = e => e.tagName.toLowerCase() + " " + (e.getAttribute("aria-label") || e.dataset.testid || e.textContent || e.getAttribute("class") || "").trim().slice(0, 40);
	const wrong = [];
	if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is " + document.documentElement.scrollWidth + " pixels wide, as far as " +
		[...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().left + scrollX + e.scrollWidth > innerWidth && getComputedStyle(e).overflowX === "visible").map(name).slice(-3).join(" and "));
	const look = (e, within, least) => {
		if (!e.checkVisibility({visibilityProperty: true})) return;
		e.scrollIntoView({block: "center", inline: "center"});
		const r = e.getClientRects()[0], x = r.left + r.width / 2, y = r.top + r.height / 2;
		if (r.width < least || r.height < least) return wrong.push(name(e) + " is of no size: " + r.width.toFixed(1) + " × " + r.height.toFixed(1));
		if (x < 0 || x >= innerWidth || y < 0 || y >= innerHeight) return wrong.push(name(e) + " is out of sight, at " + x.toFixed() + ", " + y.toFixed());
		const hit = document.elementFromPoint(x, y);
		if (!within.contains(hit)) wrong.push(name(e) + " lies below " + name(hit) + ", at " + x.toFixed() + ", " + y.toFixed());
	};
	for (const e of document.querySelectorAll("a[href], button:not(:disabled):not(.skip), input:not(:disabled), select, textarea")) {
		const label = e.closest("label") ?? e;
		look(label, label, 8);
	}
	for (const e of document.querySelectorAll("h2, h3, .hint, .label, th, td, .figures dd, .map-readout dd, .grid-row, .status, .how, .question-bar p, .legend-key, .plot-area, .lab-findings li"))
		if (e.textContent.trim()) look(e, part(e), 1);
	return wrong;
})()`

// uneven lists what of the columns beside each other is higher in one than in another, so that
// what is below does not stand side by side. How many lines an answer takes is its own.
const uneven = `[".column-head", ".column-notes > .counterfactual", '[data-part="grid"]', '[data-part="heads"]', '[data-part="heads"] > .heading'].flatMap(part => {
	const all = [...document.querySelectorAll("section.column")].filter(c => c.checkVisibility()), beside = all.filter(c => c.getBoundingClientRect().top === all[0].getBoundingClientRect().top);
	const heights = new Set(beside.map(c => c.querySelector(part)?.offsetHeight ?? 0));
	return heights.size > 1 ? [part + " is " + [...heights].join(" and ") + " pixels high"] : [];
})`

// wrapped lists the labels of rows of figures that take more than a line.
const wrapped = `[...document.querySelectorAll(".inspector .compare tbody th")].filter(label => {
	const text = document.createRange();
	text.selectNodeContents(label);
	return new Set([...text.getClientRects()].map(line => Math.round(line.top))).size > 1;
}).map(label => "“" + label.textContent + "” takes more than a line of " + label.clientWidth + " pixels")`

// widths lists the widths of a phone, a tablet held upright, a projector, a laptop and a
// large screen, with heights that go with them.
var widths = [][2]int64{{360, 740}, {768, 1024}, {1024, 768}, {1280, 720}, {1920, 1080}}

// walk checks the page in every width and both sets of colours, and leaves the widest.
func (d *desk) walk(what string) {
	d.t.Helper()
	d.inEveryWidth(func(width int64, scheme string) {
		if wrong := append(evaluate[[]string](d, uneven), evaluate[[]string](d, wrapped)...); len(wrong) > 0 {
			d.t.Errorf("%s, %d pixels wide: %s", what, width, strings.Join(wrong, ", "))
		}
		d.reach(what, width, scheme)
	})
}

// inEveryWidth calls look with the page in every width, by day, and by night in the narrowest:
// colours move nothing.
func (d *desk) inEveryWidth(look func(width int64, scheme string)) {
	d.t.Helper()
	for i, w := range widths {
		schemes := []string{"light"}
		if i == 0 {
			schemes = []string{"dark", "light"}
		}
		for _, scheme := range schemes {
			d.do(
				chromedp.EmulateViewport(w[0], w[1]),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
			evaluate[any](d, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))`)
			d.wait("true") // for what is half drawn
			look(w[0], scheme)
		}
	}
}

// reach checks that everything on the page can be reached.
func (d *desk) reach(what string, width int64, scheme string) {
	d.t.Helper()
	wrong := evaluate[[]string](d, unreachable)
	for again := 0; again < 10 && len(wrong) > 0; again++ { // what is drawn anew after a change of size has time to be
		d.do(chromedp.Sleep(300 * time.Millisecond))
		wrong = evaluate[[]string](d, unreachable)
	}
	if len(wrong) > 0 {
		d.t.Errorf("%s, %d pixels wide, %s: %d things cannot be reached\n%s", what, width, scheme, len(wrong), strings.Join(wrong[:min(len(wrong), 12)], "\n"))
	}
}

// Everything on the explorer can be reached in every width.
func TestEverythingIsReachable(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	d.walk("prompt")
	for _, v := range view.All() {
		d.visit(fmt.Sprintf("?head=1.1&view=%s&line=1&at=3&ranked=1", v.Name))
		d.finished("")
		d.walk(v.Name)
	}
	d.visit("?head=1.1&method=snapkv&third=ratplus:moba&fourth=attention:moba&budget=1/4")
	d.wait(`document.querySelectorAll('section.column[data-state="done"]').length === 4`)
	d.walk("four columns")
	d.visit("?source=text&text=The+old+mill+stood+still.&key=brave-otter&value=4711")
	d.finished("")
	d.walk("own text")
	d.quiet()
}

// Everything can be reached of a file of attention maps, beside a run.
func TestMapsAreReachable(t *testing.T) {
	d := sit(t, "?view=attention&head=1.1")
	d.finished("")
	path, err := filepath.Abs("../../engine/runfile/testdata/maps/raw_pieces.npz")
	if err != nil {
		t.Fatal(err)
	}
	d.do(chromedp.SetUploadFiles("#open-1", []string{path}, chromedp.ByQuery))
	d.wait(`document.querySelector('` + id("map-1") + `')?.dataset.built === "true" && document.querySelector('` + id("column-1") + `').dataset.file === "raw_pieces.npz"`)
	// Maps have no grid of blocks beside the run's.
	d.inEveryWidth(func(width int64, scheme string) { d.reach("maps", width, scheme) })
	d.quiet()
}

// Everything can be reached of the gallery, which shows both sets of colours at once.
func TestGalleryIsReachable(t *testing.T) {
	d := sit(t, "gallery")
	d.wait(`document.querySelectorAll('.specimen canvas').length >= 8`)
	d.walk("gallery")
	d.quiet()
}

// The sources of a prompt stand in one line each, in every width.
func TestSourcesStandInOneLine(t *testing.T) {
	d := sit(t, "?task=S-1")
	d.finished("")
	d.inEveryWidth(func(width int64, _ string) {
		if wrong := evaluate[[]string](d, `[...document.querySelectorAll('`+id("choose-source")+` span')].filter(e => {
			const text = document.createRange();
			text.selectNodeContents(e);
			return text.getClientRects().length !== 1 || e.scrollWidth > e.clientWidth;
		}).map(e => e.textContent)`); len(wrong) > 0 {
			t.Errorf("%d pixels wide: %q", width, wrong)
		}
	})
	d.quiet()
}

// Everything on the experiments' page can be reached, before anything was measured and
// with charts, and nothing lies over the form.
func TestExperimentsAreReachable(t *testing.T) {
	d := bench(t, func() {})
	d.walk("no experiment")
	d.small()
	d.press(id("start"))
	d.wait(over)
	d.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length > 0`)
	d.walk("an experiment")
	d.quiet()
}
