package e2e

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/engine/run"
	"kvscope/engine/testfile"
	"kvscope/native/browsertest"
	"kvscope/web/lesson"
	"kvscope/web/view"
)

// audit holds pages against axe-core's rules: those of WCAG 2.2, A and AA, and its own of
// good practice.
type audit struct {
	*desk
	axe string // the script
}

// The rules of both sets of colours: all of them in light, those about colours in dark.
var (
	everyRule = `{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: {"label-content-name-mismatch": {enabled: true}}, resultTypes: ["violations"]}`
	colours   = `{runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}, resultTypes: ["violations"]}`
)

// broken is a rule that a page breaks, and where.
type broken struct {
	Rule  string   `json:"rule"`
	About string   `json:"about"`
	Nodes []string `json:"nodes"`
}

// look fails the test for every rule that the page breaks as it is.
func (a *audit) look(what string) {
	a.t.Helper()
	a.lookAtPart(what, "document")
}

// lookAtPart fails the test for every rule that a part of the page breaks.
func (a *audit) lookAtPart(what, part string) {
	a.t.Helper()
	a.lookAt(what+", by day", "light", part, everyRule)
	a.lookAt(what+", by night", "dark", part, colours)
}

// lookAt holds a part of the page against some rules, in one set of colours.
func (a *audit) lookAt(what, scheme, part, rules string) {
	a.t.Helper()
	if !evaluate[bool](a.desk, `"axe" in window`) {
		evaluate[any](a.desk, a.axe+"; null")
	}
	a.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
	var found string
	a.do(chromedp.Evaluate(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
		.then(() => axe.run(`+part+`, {...`+rules+`, preload: location.protocol !== "file:"}))
		.then(r => JSON.stringify(r.violations.map(v => ({rule: v.id, about: v.help,
			nodes: v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary.split("\n").slice(1).join(" ").trim())}))))`,
		&found, awaited))
	var breaches []broken
	if err := json.Unmarshal([]byte(found), &breaches); err != nil {
		a.t.Fatalf("%s: %v of %s", what, err, found)
	}
	for _, b := range breaches {
		a.t.Errorf("%s: %s (%s), %d times\n  %s", what, b.Rule, b.About, len(b.Nodes), strings.Join(b.Nodes[:min(len(b.Nodes), 12)], "\n  "))
	}
}

// No page breaks a rule of accessibility that a program can check, in any of its states
// and in both sets of colours.
func TestAccessibility(t *testing.T) {
	script, err := os.ReadFile(testfile.Fetched(t, testfile.File{Name: "axe.js", Target: "axe", From: "axe-core 4.14.1 of npm"}))
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	gate := make(chan struct{})
	e, tab := newEngine(t), browsertest.OpenFor(t, 5*time.Minute)
	lab := labServer(t, e, func() {
		if stop.Load() {
			<-gate
		}
	})
	a := &audit{&desk{t, tab, e, lab}, string(script)}
	t.Run("experiments", func(t *testing.T) { a.in(t).lab(&stop, gate) })

	g := &gated{Cache: run.NewCache(e, 1<<28)}
	f := &flaky{Handler: newServer(t, g)}
	f.meta.Store(true)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	a.desk = &desk{t, tab, e, s.URL}
	t.Run("no engine", func(t *testing.T) {
		a := a.in(t)
		a.do(chromedp.Navigate(s.URL + "/"))
		a.has(id("column-0"), "The engine does not answer.")
		a.look("no engine")
		gate := g.shut()
		f.meta.Store(false)
		g.wait(t, 2)
		a.look("running")
		close(gate)
		a.finished("")
	})
	t.Run("explorer", func(t *testing.T) { a.in(t).explorer() })
	t.Run("lecture", func(t *testing.T) { a.in(t).lecture() })
	t.Run("gallery", func(t *testing.T) {
		a := a.in(t)
		a.visit("gallery")
		a.wait(`!!document.querySelector('` + id("gallery") + ` [data-specimen="quest"] canvas')`)
		a.lookAt("gallery, by day", "light", `{include: [[".specimen-side:first-child"]]}`, everyRule)
		a.lookAt("gallery, by night", "light", `{include: [[".specimen-side:last-child"]]}`, colours)
	})
}

// in is the audit as a subtest's own.
func (a *audit) in(t *testing.T) *audit { return &audit{a.desk.in(t), a.axe} }

func (a *audit) lab(stop *atomic.Bool, gate chan struct{}) {
	a.t.Helper()
	a.experiments()
	a.look("no experiment")
	a.small()
	stop.Store(true)
	a.press(id("start"))
	a.wait(`document.querySelector('` + id("open") + `')?.dataset.over === "false"`)
	a.look("an experiment under way")
	stop.Store(false)
	close(gate)
	a.wait(over)
	a.wait(`document.querySelectorAll('` + id("plot") + ` canvas').length > 0`)
	a.look("an experiment")
	a.press(id("lab-view") + ` input[value="ranking"]`)
	a.press(id("ranking") + ` .link`)
	a.wait(`document.querySelector('` + id("examples") + `')?.dataset.state === "done"`)
	a.look("its ranking, and an example")
}

func (a *audit) explorer() {
	a.t.Helper()
	for _, v := range view.All() {
		a.visit(fmt.Sprintf("?context=160&head=1.1&view=%s&line=1&at=3", v.Name))
		a.finished("")
		a.wait(fmt.Sprintf(`document.querySelectorAll('.view-box[data-view="%s"]').length === 2`, v.Name))
		a.lookAtPart(v.Name, `{include: [[".view-box"]]}`)
	}
	a.look("the whole explorer")
	a.do(chromedp.KeyEvent("?"))
	a.has(id("keys"), "Keys")
	a.look("the list of keys")
	a.do(chromedp.KeyEvent(kb.Escape))
	a.visit("?context=160&head=1.1&third=ratplus:moba&fourth=attention:moba&budget=1/4&compare=1&ranked=1&metric=memory")
	a.wait(`document.querySelectorAll('section.column[data-state="done"]').length === 4`)
	a.look("four columns")
	a.visit("?context=160&head=1.1&metric=kind")
	a.finished("")
	a.look("kinds of heads")
	a.visit("?context=160&head=1.1&present=1")
	a.finished("")
	a.look("presentation")
	gens := a.gens()
	a.visit("?context=160&head=1.1&drop=5&at=5")
	a.finished(gens)
	a.look("a dropped block")
	a.visit("?source=text&text=The+old+mill+stood+still.&key=brave-otter&value=4711")
	a.wait(allDone)
	a.look("own text")
	a.visit("?method=snapkv&budget=1/32")
	a.wait(`document.querySelectorAll('section.column[data-state="failed"]').length === 2`)
	a.look("failed")
}

func (a *audit) lecture() {
	a.t.Helper()
	a.visit("lessons")
	a.wait(`document.querySelectorAll(".lesson-card").length === 8`)
	a.look("lessons")
	a.visit("?task=MK-2&seed=3&budget=1/4&head=1.1&lesson=quest.3")
	third := lesson.At{Lesson: "quest", Step: 2}
	a.at(third)
	a.look("a prediction")
	a.press(id("predict-0"))
	a.at(third)
	a.look("after the prediction")
	a.visit("?task=MK-2&seed=3&budget=1/4&head=1.1&lesson=quest.2")
	a.at(lesson.At{Lesson: "quest", Step: 1})
	a.look("a formula")
	a.visit("notes?lesson=quest.3")
	a.wait(`document.querySelector('` + id("notes") + ` main')?.dataset.at === "quest.3"`)
	a.look("notes")
}
