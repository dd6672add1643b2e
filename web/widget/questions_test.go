package widget

import (
	"regexp"
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
		`<li data-key="old-mill" data-state="right">`, `<li data-key="brave-lantern" data-state="wrong">`, "✗ expected 12",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in %s", want, html)
		}
	}
	if at := regexp.MustCompile(`class="[^"]* at"[^>]*data-key="([^"]*)"`).FindAllStringSubmatch(html, -1); len(at) != 1 || at[0][1] != "old-mill" {
		t.Errorf("the question on the screen is %v in %s", at, html)
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
