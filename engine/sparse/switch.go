package sparse

import (
	"math"

	"kvscope/engine/input"
)

// Where the queries begin that a method restricts: the values of the parameter
// sparse_from.
const (
	FromContext  = "context"  // every query, those of the context too
	FromQuestion = "question" // those of the question and of the answer; the context is read densely
	FromAnswer   = "answer"   // those of the answer, the first of which is the prompt's last token
)

// When entries are evicted: the values of the parameter evict.
const (
	EvictBefore = "before" // the question has been read
	EvictAfter  = "after"
)

// Prompt is the prompt that a plan is for.
type Prompt struct {
	Tokens   int // P
	Question int // C, position of the question's first token, which ends the context; 0 where there is none
}

// switched is m with the switches of its phase.
func (m Info) switched() Info {
	if m.Family == FamilyDense || m.Phase == PhasePrefill {
		return m // it restricts nothing, or the whole prompt by what it is
	}
	m.Params = append(m.Params[:len(m.Params):len(m.Params)], Param{
		Name: "sparse_from", Title: "Sparse from", Kind: KindChoice, Default: FromAnswer, Choices: []string{FromContext, FromQuestion, FromAnswer},
		Help: "first queries that the method restricts: the context's, the question's or the answer's",
	})
	if m.Phase == PhaseEvict {
		last := &m.Params[len(m.Params)-1]
		last.Help = "first queries that read what is left: the question's or the answer's; the context, which is decided on whole, counts as the question"
		m.Params = append(m.Params, Param{
			Name: "evict", Title: "Evict, of the question", Kind: KindChoice, Choices: []string{EvictBefore, EvictAfter},
			Help: "before or after the question is read; before it, the budget is a share of the context, and the question stays whole; after it where only the answer is sparse",
		})
	}
	return m
}

// place says where in prompt s's method is at work: Evictor sees the first evictAt
// positions, and queries from a position on are restricted.
func (s Settings) place(prompt Prompt) (evictAt, from int, err error) {
	evictAt, from = prompt.Tokens-1, prompt.Tokens-1 // the prompt's last token is fed as the first step of decoding
	if _, ok := s.Method.Param("sparse_from"); !ok {
		return evictAt, from, nil
	}
	since, evicts := s.Choice("sparse_from"), s.Method.Phase == PhaseEvict
	before := evicts && since != FromAnswer
	if evicts && s.Given("evict") {
		if s.Choice("evict") == EvictAfter && before {
			return 0, 0, input.Errorf("evict", "after the question, which sparse_from %s has read what is left: want before, or sparse_from answer", since)
		}
		before = s.Choice("evict") == EvictBefore
	}
	field := "sparse_from"
	if before && since == FromAnswer {
		field = "evict"
	}
	if (before || since == FromQuestion) && prompt.Question < 1 {
		return 0, 0, input.Errorf(field, "%s, this prompt has no question apart from a context", map[bool]string{true: EvictBefore, false: since}[field == "evict"])
	}
	if before {
		evictAt = prompt.Question
	}
	switch {
	case since == FromQuestion, since == FromContext && evicts:
		from = min(from, prompt.Question)
	case since == FromContext:
		from = 0
	}
	return evictAt, from, nil
}

// Dense reports whether all of the prompt of so many tokens but its last one is read
// densely, and nothing is evicted before that.
func (p Plan) Dense(tokens int) bool {
	return p.From >= tokens-1 && (p.Evictor == nil || p.EvictAt >= tokens-1)
}

// Plan makes the method that c asks for, for prompt. K is fixed for the run: it comes from
// the budget and the prompt, of an eviction before the question from the context, and does
// not grow with the answer, except that budget 1 reads everything throughout.
func (prompt Prompt) Plan(c Config) (Plan, error) {
	s, err := c.settings(prompt.Tokens)
	if err != nil {
		return Plan{}, err
	}
	if prompt.Tokens < 1 {
		return Plan{}, input.Errorf("prompt", "%d tokens, want at least 1", prompt.Tokens)
	}
	evictAt, from, err := s.place(prompt)
	if err != nil {
		return Plan{}, err
	}
	if evictAt < prompt.Tokens-1 {
		s.Tokens = evictAt
	}
	p, err := s.Method.plan(s)
	if err != nil {
		return Plan{}, err
	}
	p.Method, p.Unit, p.Phase = s.Method.ID, s.Method.Unit, s.Method.Phase
	p.Budget, p.Block, p.Ignored = s.Budget(), s.Int("block"), s.ignored
	if !s.Random {
		p.Summaries = s.Method.Summaries
	}
	_, p.Whole = p.Selector.(Prefiller)
	_, p.Probe = p.Selector.(Rated)
	switch p.Phase {
	case PhasePrefill:
		p.To = prompt.Tokens
	case PhaseDecode:
		p.From, p.To = from, math.MaxInt
	case PhaseEvict:
		p.From, p.EvictAt = from, evictAt
	}
	return p, nil
}
