package state

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// questions lists the questions that the last action asked.
func (d *desk) questions() []AskQuestions {
	var out []AskQuestions
	for _, e := range d.effects {
		if a, asks := e.(AskQuestions); asks {
			out = append(out, a)
		}
	}
	return out
}

// evicted is a run of SnapKV that evicted before the question, or after it, of a text with
// needles of keys, of which the first so many are asked for.
func evicted(t testing.TB, before bool, asked int, keys ...string) []trace.Event {
	e := slices.Clone(events(t, "snapkv"))
	h := *e[0].(*trace.Header)
	h.Phase, h.EvictedAt, h.Needles = "evict", nil, nil
	if before {
		h.EvictedAt = new(len(h.Tokens) - 20)
	}
	for i, key := range keys {
		h.Needles = append(h.Needles, trace.Needle{Key: key, Queried: i < asked})
	}
	e[0] = &h
	return e
}

// TestQuestionsOfAText: those below an own text are asked of every column once its runs are
// over, each answer goes to its column, and another of them can be shown, which asks none
// again; another text or another list does.
func TestQuestionsOfAText(t *testing.T) {
	d := ready(t)
	d.do(Set{"source", "text"}).do(Set{"text", "The old mill."}).do(Set{"key", "a"}).do(Set{"questions", "b\n\n c \n"}).do(Set{"method", "snapkv"}).do(Set{"evict", "before"}).do(Submit{})
	for side := range 2 {
		if len(d.questions()) != 0 {
			t.Errorf("asks %v before the runs are over", d.questions())
		}
		d.do(Arrived{side, d.s.Columns[side].Gen(), evicted(t, true, 0)})
	}
	asked := d.questions()
	if len(asked) != 1 || !slices.Equal(asked[0].Keys, []string{"a", "b", "c"}) || len(asked[0].Requests) != 2 || asked[0].Requests[1].Model != "ratplus" || d.s.Questions.Phase != Loading {
		t.Fatalf("asks %+v", asked)
	}
	gen := asked[0].Gen
	answer := figures.Answered{Key: "b", Result: figures.Result{Answer: "7"}}
	d.do(QuestionAnswered{gen - 1, 0, answer}).do(QuestionAnswered{gen, 1, answer}).do(QuestionsEnded{gen, errors.New("gone")})
	if q := d.s.Questions; len(q.Answers[0]) != 0 || len(q.Answers[1]) != 1 || q.Answers[1][0].Answer != "7" || q.Phase != Failed || q.Problem != "gone" || len(d.questions()) != 0 {
		t.Errorf("%+v", q)
	}
	d.do(GoToQuestion{"c"})
	if len(d.starts()) != 2 || d.starts()[0].Request.Key != "c" || d.s.Form.Questions != "b\na" || len(d.s.Questions.Answers[1]) != 1 {
		t.Errorf("shows %+v of %q with %+v", d.starts(), d.s.Form.Questions, d.s.Questions)
	}
	if d.do(GoToQuestion{"nowhere"}); len(d.starts()) != 0 {
		t.Errorf("a key that is not asked for starts %v", d.starts())
	}
	for side := range 2 {
		d.do(Arrived{side, d.s.Columns[side].Gen(), evicted(t, true, 0)})
	}
	if len(d.questions()) != 0 {
		t.Errorf("asks again %v", d.questions())
	}
	d.do(Set{"questions", "b"}).do(Submit{})
	if d.s.Questions.Phase != "" {
		t.Error("the answers of another list stay")
	}
	for side := range 2 {
		d.do(Arrived{side, d.s.Columns[side].Gen(), evicted(t, true, 0)})
	}
	if again := d.questions(); len(again) != 1 || !slices.Equal(again[0].Keys, []string{"c", "b"}) {
		t.Errorf("asks %v", again)
	}
	gen = d.s.Questions.Gen
	if d.do(Set{"budget", "1/2"}).do(Submit{}); !slices.Contains(d.effects, Effect(Cancel{gen})) {
		t.Errorf("another budget does not stop the questions: %v", d.effects)
	}
}

// TestQuestionsOfATask are asked by hand: for the keys that it asks for, or all of a few.
func TestQuestionsOfATask(t *testing.T) {
	for _, c := range []struct {
		asked int
		keys  []string
		want  []string
	}{
		{4, []string{"a", "b", "c", "d"}, []string{"a", "b", "c", "d"}}, {2, []string{"a", "a", "b", "c"}, []string{"a", "b", "c"}}, {1, []string{"a", "b", "c"}, []string{"a", "b", "c"}},
		{1, []string{"a"}, nil}, {1, strings.Split("a b c d e f g h i", " "), nil},
	} {
		d := ready(t)
		d.do(Set{"method", "snapkv"}).do(Submit{})
		for side := range 2 {
			d.do(Arrived{side, d.s.Columns[side].Gen(), evicted(t, true, c.asked, c.keys...)})
		}
		if keys, problem := d.s.Askable(); !slices.Equal(keys, c.want) || problem != "" || len(d.questions()) != 0 {
			t.Errorf("%v: %v can be asked for, %q", c.keys, keys, problem)
		}
		d.do(AskEach{})
		if got := len(d.questions()); got != min(len(c.want), 1) {
			t.Errorf("%v: asks %v", c.keys, d.questions())
		}
		if len(c.want) > 0 {
			d.do(GoToQuestion{c.want[1]})
			if starts := d.starts(); len(starts) != 2 || starts[1].Request.Key != c.want[1] || starts[1].Request.Task == "" || d.s.Questions.Phase == "" || d.s.CanRepeat() {
				t.Errorf("%v: a press starts %+v, the answers are %v", c.keys, starts, d.s.Questions)
			}
			d.do(GoToQuestion{c.want[1]})
			if starts := d.starts(); len(starts) != 2 || starts[0].Request.Key != "" || d.s.Questions.Phase == "" {
				t.Errorf("%v: another press starts %+v, the answers are %v", c.keys, starts, d.s.Questions)
			}
			d.do(GoToQuestion{c.want[1]}).do(GoToQuestion{"nowhere"})
			if len(d.starts()) != 0 {
				t.Errorf("%v: a key that is not asked for starts %+v", c.keys, d.starts())
			}
			d.do(GoToQuestion{c.want[1]}).do(GoToQuestion{c.want[0]})
			if d.do(Arrived{0, d.s.Columns[0].Gen(), []trace.Event{&trace.Failure{Field: "key", Message: "no"}}}); d.s.Problems["asks"] == "" {
				t.Errorf("%v: a key that is refused is blamed at %v", c.keys, d.s.Problems)
			}
			if d.do(Set{"seed", "5"}); d.s.Draft.Asks != "" {
				t.Errorf("%v: another example is asked for %s", c.keys, d.s.Draft.Asks)
			}
		}
		d.do(CloseQuestions{})
		if d.s.Questions.Phase != "" || len(c.want) > 0 && len(d.effects) == 0 {
			t.Errorf("%v: %v stay", c.keys, d.s.Questions)
		}
	}
}

// TestQuestionsOfATaskWithoutACache: nothing is offered where no cache was compressed before
// the question.
func TestQuestionsOfATaskWithoutACache(t *testing.T) {
	for _, e := range [][]trace.Event{evicted(t, false, 4, "a", "b", "c", "d"), events(t, "quest")} {
		d := ready(t).finish(e)
		if keys, problem := d.s.Askable(); len(keys) > 0 || problem != "" {
			t.Errorf("%v can be asked for, %q", keys, problem)
		}
	}
}

// TestNoSharedCache says why questions would have other caches.
func TestNoSharedCache(t *testing.T) {
	d := ready(t)
	d.do(Set{"source", "text"}).do(Set{"text", "The old mill."}).do(Set{"key", "a"}).do(Set{"questions", "b"}).do(Set{"method", "snapkv"}).do(Submit{}).finish(evicted(t, false, 0))
	if keys, problem := d.s.Askable(); len(keys) != 2 || !strings.Contains(problem, "evicts after the question") || len(d.questions()) != 0 || len(d.do(AskEach{}).questions()) != 0 {
		t.Errorf("%v, %q, asks %v", keys, problem, d.questions())
	}
	for text, want := range map[string]string{"a": "“a” is asked twice", "x\ny": "", strings.Join(many(run.MaxQuestions), "\n"): "more than the 64"} {
		d.do(Set{"questions", text}).do(Submit{})
		if got := d.s.Problems["questions"]; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func many(n int) []string {
	var out []string
	for i := range n {
		out = append(out, "key-"+string(rune('A'+i)))
	}
	return out
}
