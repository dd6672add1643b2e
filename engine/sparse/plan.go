package sparse

import (
	"math"

	"kvscope/engine/input"
)

// Plan is a method ready to run over a prompt of known length.
type Plan struct {
	Method string
	Unit   string // UnitBlock or UnitToken
	Phase  string // PhasePrefill, PhaseDecode or PhaseEvict
	Budget float64
	Block  int // B of the cache
	K      int // units of the prompt that a query reads at most; with PhaseEvict, that stay, on average where heads or layers share a budget

	// Selector picks for the queries at positions within [From, To); the others read
	// everything before them. Evictor decides once when EvictAt positions have been read,
	// and queries from From on read what it left, and what came since. Either may be nil.
	Selector Selector
	From, To int
	Evictor  Evictor
	EvictAt  int

	// Joint says which heads Selector picks for together.
	Joint Joint

	// Whole says that the prompt is to be read in one piece, since Selector is a Prefiller.
	Whole bool

	// NeedsModel says that the method looks at more than queries and keys: at the values
	// and the rotation, or at what a probe of the model's heads found.
	NeedsModel bool

	// Probe says that Selector is a Rated, which is to be told hit rates before it selects.
	Probe bool

	// NeedsIndex says that the method scores by an index that was trained for the model,
	// which UseIndex gives it.
	NeedsIndex bool

	Summaries Summaries // what the cache keeps of its blocks
	Ignored   []string  // names of parameters that were set and that the method has not, or that another says too
}

// New is Prompt.Plan for a prompt of the given length without a question.
func New(c Config, promptTokens int) (Plan, error) { return Prompt{Tokens: promptTokens}.Plan(c) }

// ForTensors reports whether the method can be run on queries and keys that were saved in
// what, without the model that they are from.
func (p Plan) ForTensors(what string) error {
	if p.NeedsIndex {
		return input.Errorf("method", "%s asks for an index that was trained for a model: %s is queries and keys that were saved", p.Method, what)
	}
	if p.NeedsModel {
		return input.Errorf("method", "%s asks for more of a model than queries and keys, its values and rotation or a probe of its heads, and can only be run with it: %s is queries and keys that were saved", p.Method, what)
	}
	return nil
}

// everything reports whether s restricts nothing, however long the answer gets.
func (s Settings) everything() bool { return s.Budget() == 1 && !s.Given("k") }

// limit is k, or no limit when s restricts nothing.
func (s Settings) limit(k int) int {
	if s.everything() {
		return math.MaxInt
	}
	return k
}

// blocks is how many blocks of the prompt a query reads, k where it is set, else the
// budget's share of them.
func (s Settings) blocks() int {
	if s.Given("k") {
		return s.Int("k")
	}
	return BlocksForBudget(s.Budget(), s.Tokens, s.Int("block"))
}

// allBlocks is the number of blocks of the prompt.
func (s Settings) allBlocks() int { return (s.Tokens + s.Int("block") - 1) / s.Int("block") }

// tokens is the same in tokens, and no more than the prompt has.
func (s Settings) tokens() int {
	k := TokensForBudget(s.Budget(), s.Tokens)
	if s.Given("k") {
		k = s.Int("k")
	}
	return min(k, s.Tokens)
}

// blockPlan is the plan of a method that reads k blocks: made makes it for a limit of
// so many. Chance takes its place where that is asked for.
func (s Settings) blockPlan(k int, forced Forced, made func(limit int) Selector) Plan {
	limit := s.limit(k)
	p := Plan{K: min(k, s.allBlocks()), Joint: s.joint()}
	if s.Random {
		p.Selector = RandomBlocks{Blocks: limit, Seed: s.Seed, Forced: forced}
	} else {
		p.Selector = made(limit)
	}
	return p
}

// evictPlan is the plan of a method that keeps so many tokens: made makes it. Chance takes
// its place where that is asked for.
func (s Settings) evictPlan(made func(capacity int) Evictor) Plan {
	k := s.tokens()
	if s.Random {
		return Plan{K: k, Evictor: RandomTokens{Capacity: s.limit(k), Seed: s.Seed, Whose: s.whose()}}
	}
	return Plan{K: k, Evictor: made(s.limit(k))}
}

// tooSmall blames what k tokens come from for not exceeding what must fit.
func (s Settings) tooSmall(k, fit int, what string) error {
	if s.Given("k") {
		return input.Errorf("k", "%d tokens, want more than the %d of %s", k, fit, what)
	}
	return input.Errorf("budget", "%s of this prompt is %d tokens, want more than the %d of %s", FormatBudget(s.Budget()), k, fit, what)
}
