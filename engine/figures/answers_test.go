package figures

import (
	"strings"
	"testing"

	"kvscope/engine/trace"
)

// TestAnswersOfOneCache: the caches of several questions are counted by who built them, and
// held to each other.
func TestAnswersOfOneCache(t *testing.T) {
	cache := func(hash string, shared bool, kept ...int) Answered {
		return Answered{Result: Result{Compressed: &trace.Compressed{Tokens: 90, Kept: kept, Hash: hash, Shared: shared}}}
	}
	for _, c := range []struct {
		questions []Answered
		built     int
		same      bool
		want      string
	}{
		{[]Answered{cache("a", false, 5, 5), cache("a", true, 5, 5), cache("a", true, 5, 5)}, 1, true, "built once from 90 tokens for 3 questions, the same for all: 5 entries of each head are left, of hash a"},
		{[]Answered{cache("a", true, 5), cache("a", true, 5)}, 0, true, "built once, by a run before these, from 90 tokens for 2 questions, the same for all"},
		{[]Answered{cache("a", false, 3, 7), cache("a", false, 3, 7)}, 2, true, "built 2 times from 90 tokens for 2 questions, the same for all: 3 to 7 entries a head are left"},
		{[]Answered{cache("a", false, 5), cache("b", true, 5)}, 1, false, "not the same each time"},
		{[]Answered{cache("a", false, 5), cache("a", true, 6)}, 1, false, "not the same each time"},
		{[]Answered{cache("a", false, 5), {}}, 2, false, "not the same each time"},
		{[]Answered{{}, {}}, 2, false, "nothing was evicted before the 2 questions"},
	} {
		got := AnswersOf(c.questions)
		if got.Built != c.built || got.Same != c.same || !strings.Contains(got.Evidence(), c.want) {
			t.Errorf("built %d, same %v, %q; want %d, %v, %q", got.Built, got.Same, got.Evidence(), c.built, c.same, c.want)
		}
	}
	if got := AnswersOf(nil); got.Same || got.Built != 0 {
		t.Errorf("no questions: %+v", got)
	}
}
