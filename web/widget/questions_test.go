package widget

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/state"
)

// TestQuestionsAreShown with every answer, and once all are there with the cache that they
// were asked of.
func TestQuestionsAreShown(t *testing.T) {
	cache := func(shared bool) *trace.Compressed {
		return &trace.Compressed{Tokens: 90, Kept: []int{5, 5}, Hash: "ab12", Shared: shared}
	}
	right := figures.Answered{Key: "old-mill", Result: figures.Result{Answer: " 34.", Expected: []string{"34"}, Score: new(1.0), Compressed: cache(false)}}
	wrong := figures.Answered{Key: "brave-lantern", Result: figures.Result{Answer: " 34.", Expected: []string{"12"}, Score: new(0.0), Compressed: cache(true)}}
	s := state.New(state.ParseQuery("source=text&text=The+mill.&key=old-mill&questions=brave-lantern"), nil)
	s.Questions = state.Questions{Phase: state.Loading, Keys: []string{"old-mill", "brave-lantern"}, Requests: make([]run.Request, 1), Answers: [][]figures.Answered{{right}}}
	views := []*ColumnView{{Name: "Attention", How: "SnapKV at 1/4"}}
	html := ordered(app.HTMLString(Questions(views, &s, nil)))
	if strings.Contains(html, "built once") || !strings.Contains(html, "Attention SnapKV at 1/4") {
		t.Errorf("before all answers: %s", html)
	}
	s.Questions.Answers = [][]figures.Answered{{right, wrong}}
	html = ordered(app.HTMLString(Questions(views, &s, nil)))
	for _, want := range []string{
		"2 of 2 answers", "built once from 90 tokens for 2 questions, the same for all: 5 entries of each head are left, of hash ab12",
		"✗ expected 12",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in %s", want, html)
		}
	}
	if !elements(html, "li", `data-key="old-mill"`, `data-state="right"`) || !elements(html, "li", `data-key="brave-lantern"`, `data-state="wrong"`) {
		t.Errorf("who is right is not said in %s", html)
	}
	if !elements(html, "button", ` at"`, `data-key="old-mill"`) || elements(html, "button", ` at"`, `data-key="brave-lantern"`) {
		t.Errorf("the question on the screen is another in %s", html)
	}
	s.Form.Source, s.Form.Task, s.Form.Asks = state.FromTask, "MQ", "brave-lantern"
	if html = app.HTMLString(Questions(views, &s, nil)); !elements(html, "button", ` at"`, `data-key="brave-lantern"`) || elements(html, "button", ` at"`, `data-key="old-mill"`) {
		t.Errorf("of a task, the question on the screen is another in %s", html)
	}
	s.Questions.Problem, s.Questions.Phase = "the engine is gone", state.Failed
	if html = ordered(app.HTMLString(Questions(views, &s, nil))); !strings.Contains(html, "the engine is gone") {
		t.Errorf("a failure is not said: %s", html)
	}
	s.Questions = state.Questions{}
	if html = ordered(app.HTMLString(Questions(nil, &s, nil))); !strings.Contains(html, " hidden") {
		t.Errorf("with nothing to ask: %s", html)
	}
}

// elements reports whether there is an element whose tag has all those parts, in any order.
func elements(html, name string, parts ...string) bool {
	for _, tag := range regexp.MustCompile("<"+name+" [^>]*>").FindAllString(html, -1) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(tag, part) }) {
			return true
		}
	}
	return false
}
