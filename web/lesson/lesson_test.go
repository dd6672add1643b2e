package lesson_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"kvscope/web/lesson"
	"kvscope/web/state"
)

// places are what a step may point out: parts of the page, as `hide` names them, and columns
// for all of it.
var places = []string{"question", "answer", "grid", "heads", "view", "inspector", "columns"}

// Every step is an address that the explorer writes itself, has something to read and to
// look at, and says nothing that no claim holds it to.
func TestSteps(t *testing.T) {
	for _, l := range lesson.All() {
		if n := len(l.Steps); n < 6 || n > 10 {
			t.Errorf("%s has %d steps, want 6 to 10", l.ID, n)
		}
		if len(l.Sources) == 0 || l.Title == "" || !strings.HasSuffix(l.Summary, ".") {
			t.Errorf("%s lacks a title, a summary or its sources", l.ID)
		}
		predicted := 0
		for i, s := range l.Steps {
			at := lesson.At{Lesson: l.ID, Step: i}
			if got := state.ParseQuery(s.Query).Query(); !slices.Equal(parts(got), parts(s.Query)) {
				t.Errorf("%v: the explorer writes %q, not %q", at, got, s.Query)
			}
			if s.Title == "" || len(s.Text) == 0 || len(s.Claims) == 0 || !slices.Contains(places, s.Look) {
				t.Errorf("%v lacks a title, a text, a claim or a place to look at", at)
			}
			if p := s.Predict; p != nil {
				predicted++
				if i == 0 || len(p.Options) < 2 || p.Right < 0 || p.Right >= len(p.Options) || p.Because == "" {
					t.Errorf("%v: a prediction wants a step before it, options, one of them right, and a reason", at)
				}
			}
			if s.Formula != nil && (s.Formula.Words == "" || !strings.HasPrefix(s.Formula.MathML, "<math")) {
				t.Errorf("%v: a formula in words and in MathML", at)
			}
		}
		if predicted == 0 {
			t.Errorf("%s asks for no prediction", l.ID)
		}
	}
}

// parts are the parameters of a query, in one order.
func parts(query string) []string { return slices.Sorted(strings.SplitSeq(query, "&")) }

// A term that is linked has its entry, and every entry is used.
func TestTermsAreExplained(t *testing.T) {
	term := regexp.MustCompile(`\{([^{}]+)\}`)
	used := map[string]bool{}
	for _, l := range lesson.All() {
		for _, s := range l.Steps {
			for _, m := range term.FindAllStringSubmatch(strings.Join(s.Text, " "), -1) {
				if _, ok := lesson.Explain(m[1]); !ok {
					t.Errorf("%s: %q is not in the glossary", l.ID, m[1])
				}
				used[m[1]] = true
			}
		}
	}
	for _, e := range lesson.Glossary() {
		if !used[e.Term] {
			t.Errorf("no lesson uses %q", e.Term)
		}
	}
}

func TestAt(t *testing.T) {
	first, last := lesson.At{Lesson: "retrieval"}, lesson.At{Lesson: "states", Step: 5}
	if first.On(-1) != first || last.On(1) != last {
		t.Error("the lecture has a first and a last step")
	}
	at, n := first, 1
	for next := at.On(1); next != at; next = at.On(1) {
		if next.On(-1) != at {
			t.Errorf("back from %v is %v, not %v", next, next.On(-1), at)
		}
		if lesson.ParseAt(next.String()) != next {
			t.Errorf("%v is read as %v", next, lesson.ParseAt(next.String()))
		}
		at, n = next, n+1
	}
	if at != last || n < 48 {
		t.Errorf("%d steps up to %v", n, at)
	}
	for _, text := range []string{"", "quest.0", "quest.99", "quest.x", "nothing.1", "quest.-1", "."} {
		if got := lesson.ParseAt(text); got != (lesson.At{}) {
			t.Errorf("%q is %v, want no place", text, got)
		}
	}
	if got := lesson.ParseAt("quest"); got != (lesson.At{Lesson: "quest"}) {
		t.Errorf("a lesson alone is its first step, not %v", got)
	}
}
