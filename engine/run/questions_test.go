package run

import (
	"context"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// heard is a run that also hears how far its prompt is read.
type heard struct {
	trace.Run
	first int // token that is read first, -1 before
}

func (h *heard) Reading(read, _ int) {
	if h.first < 0 {
		h.first = read
	}
}

// TestQuestionsShareACache: each question of a list is, to the bit, the run that asks it
// alone, of a cache that the first of them has built and the others have not, whatever method
// evicts; another method on the same context goes on from what has been read of it.
func TestQuestionsShareACache(t *testing.T) {
	configs := []sparse.Config{
		{Method: "snapkv", Values: sparse.Values{"budget": "1/4", "window": "8"}}, {Method: "snapkv", Values: sparse.Values{"budget": "1/2", "window": "8", "sparse_from": "question"}},
		{Method: "snapkv", Selector: sparse.SelectorRandom, Values: sparse.Values{"budget": "1/4", "window": "8"}}, {Method: "knorm", Values: sparse.Values{"budget": "1/4", "whose_budget": "all"}},
		{Method: "h2o-decode", Values: sparse.Values{"budget": "1/4", "sparse_from": "question"}}, {Method: "rocketkv", Values: sparse.Values{"budget": "1/4", "window": "8"}},
	}
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		e := testEngine(t, arch)
		caches := map[string]func(context.Context, Request, trace.Sink) error{"kept prompts": NewPrefixCache(e, 1<<30).Run}
		if arch == model.RATPlus {
			caches = map[string]func(context.Context, Request, trace.Sink) error{"kept runs": NewCache(e, 1<<30).Run}
		}
		for name, run := range caches {
			hashes := map[string]bool{}
			for i, c := range configs {
				all, err := e.Questions(Request{Model: "m", Task: "MQ", Seed: 3, Context: new(250), Questions: []string{EachKey}, MaxNew: new(3), Config: c.With("evict", "before")})
				if err != nil || len(all) != 4 {
					t.Fatalf("%d questions: %v", len(all), err)
				}
				var built *trace.Compressed
				for n, req := range all {
					got, alone := &heard{first: -1}, record(t, e, req)
					if err := run(t.Context(), req, got); err != nil {
						t.Fatal(err)
					}
					what := string(arch) + ", " + name + ", " + c.Method + ", " + req.Key
					same(t, what, &got.Run, alone)
					has := got.Done.Compressed
					if want := alone.Done.Compressed; want.Shared || has.Hash != want.Hash || has.Tokens != *got.Header.EvictedAt || !slices.Equal(has.Kept, want.Kept) {
						t.Errorf("%s: asked of %+v, alone of %+v", what, has, want)
					}
					if n == 0 {
						built = has
					}
					if has.Shared != (n > 0) || has.Hash != built.Hash {
						t.Errorf("%s: asked of %+v, the first of %+v", what, has, built)
					}
					if want := min(i+n, 1) * has.Tokens; got.first != want {
						t.Errorf("%s: token %d is read first, want %d", what, got.first, want)
					}
				}
				for _, req := range all[:2] { // asked again, the first takes the place of the run that built it
					var again trace.Run
					if err := run(t.Context(), req, &again); err != nil || !again.Done.Compressed.Shared || again.Done.Compressed.Hash != built.Hash {
						t.Errorf("%s, %s: asked again of %+v: %v", name, c.Method, again.Done.Compressed, err)
					}
				}
				if h := record(t, e, all[0]).Header; c.Method == "snapkv" && (slices.Min(built.Kept) != h.K || slices.Max(built.Kept) != h.K) || len(built.Kept) != h.Layers*h.Heads {
					t.Errorf("%v: %v are left, want %d of each head", c, built.Kept, h.K)
				}
				hashes[built.Hash] = true
			}
			if len(hashes) != len(configs) {
				t.Errorf("%s: %d caches of %d ways to evict", name, len(hashes), len(configs))
			}
		}
	}
}

// TestQuestionsOfAText asks for every needle of an own text, and for a key that it has not.
func TestQuestionsOfAText(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	req := Request{
		Model: "m", Questions: []string{EachKey}, MaxNew: new(2), Config: sparse.Config{Method: "knorm", Values: sparse.Values{"budget": "1/2", "evict": "before"}},
		Text: "One of the special magic numbers for brave-lantern is: 12. The sky is blue. One of the special magic numbers for old-mill is: 34.",
	}
	for _, c := range []struct{ questions, want []string }{
		{[]string{EachKey}, []string{"brave-lantern", "old-mill"}}, {[]string{"old-mill", "nowhere"}, []string{"old-mill", "nowhere"}},
	} {
		req.Questions = c.questions
		all, err := e.Questions(req)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		cache, hash := NewCache(e, 1<<30), ""
		for _, one := range all {
			keys = append(keys, one.Key)
			r := &trace.Run{}
			if err := cache.Run(t.Context(), one, r); err != nil {
				t.Fatal(err)
			}
			if one.Questions != nil || hash != "" && r.Done.Compressed.Hash != hash {
				t.Errorf("%v asked of %+v", one, r.Done.Compressed)
			}
			hash = r.Done.Compressed.Hash
		}
		if !slices.Equal(keys, c.want) {
			t.Errorf("asked for %v, want %v", keys, c.want)
		}
	}
}

// TestQuestionsRefused names what cannot be asked of one cache.
func TestQuestionsRefused(t *testing.T) {
	e := testEngine(t, model.Attention)
	before := sparse.Config{Method: "knorm", Values: sparse.Values{"evict": "before"}}
	const text = "One of the special magic numbers for a is: 12. One of the special magic numbers for b is: 34. One of the special magic numbers for b is: 56."
	for _, c := range []struct {
		req         Request
		field, want string
	}{
		{Request{Task: "MQ", Questions: []string{}}, "questions", "none, want keys, or *"},
		{Request{Task: "MQ", Questions: []string{"x"}}, "questions", `"x", the text has no needle for it`},
		{Request{Task: "MQ", Questions: []string{" "}}, "questions", "want keys"},
		{Request{Task: "MQ", Questions: []string{"x", "x"}}, "questions", `"x" twice`},
		{Request{Task: "MQ", Key: "x", Questions: []string{"*"}}, "questions", "beside a key"},
		{Request{Prompt: "a", Questions: []string{"*"}}, "questions", "beside a key, a value, a prompt"},
		{Request{Text: "no needle.", Questions: []string{"*"}}, "questions", "the text has no needle"},
		{Request{Text: text, Questions: []string{"a", "b"}, Config: before}, "questions", `"a" and "b" have no context in common: the prompt says before the text whether`},
		{Request{Text: text, Questions: slices.Repeat([]string{"a"}, 65)}, "questions", "65, want at most 64"},
		{Request{Task: "MQ", Questions: []string{"*"}, Config: sparse.Config{Method: "knorm"}}, "evict", "want before, or sparse_from question"},
		{Request{Task: "MQ", Key: "x"}, "key", `"x", the text has no needle for it`},
		{Request{Task: "MQ", Key: "x", Value: "3"}, "task", "beside key, value"},
	} {
		c.req.Model, c.req.Context = "m", new(250)
		_, err := e.Questions(c.req)
		if err == nil {
			err = e.Check(c.req)
		}
		if input.Field(err) != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q of %s", c.req, err, c.want, c.field)
		}
	}
	list := Request{Model: "m", Task: "MQ", Context: new(250), Questions: []string{"*"}}
	if err := e.Run(t.Context(), list, &trace.Run{}); input.Field(err) != "questions" {
		t.Errorf("a list is run as one: %v", err)
	}
}
