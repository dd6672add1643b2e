package sparse

import (
	"math"
	"strconv"

	"kvscope/engine/input"
)

// Plan is a method ready to run over a prompt of known length.
type Plan struct {
	Method string
	Unit   string // UnitBlock or UnitToken
	Phase  string // PhasePrefill, PhaseDecode or PhaseEvict
	Budget float64
	Block  int // B of the cache
	K      int // units of the prompt that a query reads at most; with PhaseEvict, that stay

	Selector Selector // nil with PhaseEvict
	Evictor  Evictor  // nil otherwise
}

// New makes the method that c asks for, for a prompt of the given length. K is
// fixed for the run: it comes from the budget and the prompt, and does not grow
// with the answer, except that budget 1 reads everything throughout.
func New(c Config, promptTokens int) (Plan, error) {
	c, info, err := c.fill()
	if err != nil {
		return Plan{}, err
	}
	if promptTokens < 1 {
		return Plan{}, input.Errorf("prompt", "%d tokens, want at least 1", promptTokens)
	}
	p := Plan{Method: info.ID, Unit: info.Unit, Phase: info.Phase, Budget: c.Budget, Block: c.Block}
	if info.Unit == UnitBlock {
		p.Selector, p.K = c.blocks(promptTokens)
		return p, nil
	}
	p.K = c.K
	if p.K == 0 {
		p.K = TokensForBudget(c.Budget, promptTokens)
	}
	p.K = min(p.K, promptTokens)
	switch c.Method {
	case "snapkv":
		p.Evictor, err = c.evictor(p.K, promptTokens)
	case "h2o":
		p.Evictor, err = c.heavyHitters(p.K, promptTokens)
	case "twilight":
		var m Twilight
		m, p.K = c.twilight(promptTokens)
		p.Selector = m
	case "dilated":
		var m Dilated
		m, err = c.dilated(p.K, promptTokens)
		p.Selector, p.K = m, min(promptTokens, promptTokens/max(m.Dilation, 1)+m.Window+1+m.Initial)
	case "streaming":
		p.Selector, err = c.streaming(p.K)
	case "oracle-token":
		p.Selector = OracleTokens{Tokens: c.limit(p.K)}
	}
	if err != nil {
		return Plan{}, err
	}
	return p, nil
}

// everything reports whether c restricts nothing, however long the answer gets.
func (c Config) everything() bool { return c.Budget == 1 && c.K == 0 }

// limit is k, or no limit when c restricts nothing.
func (c Config) limit(k int) int {
	if c.everything() {
		return math.MaxInt
	}
	return k
}

// blocks makes a block method and says how many blocks of the prompt it reads.
func (c Config) blocks(tokens int) (Selector, int) {
	k, all := c.K, (tokens+c.Block-1)/c.Block
	if k == 0 {
		k = BlocksForBudget(c.Budget, tokens, c.Block)
	}
	forced := FirstAndLocal
	switch {
	case c.Method == "dense":
		return Dense{}, all
	case c.Method == "quest" && c.PublicCode:
		k, forced = max(3, k), NoneForced
	case c.Method == "moba" && c.PublicCode:
		forced = LocalOnly
	}
	limit := c.limit(k)
	var s Selector
	switch {
	case c.Selector == SelectorRandom:
		s = RandomBlocks{Blocks: limit, Seed: c.Seed, Forced: forced}
	case c.Method == "quest":
		s = Quest{Blocks: limit, Public: c.PublicCode}
	case c.Method == "moba":
		s = MoBA{Blocks: limit, Public: c.PublicCode}
	case c.Method == "oracle-block":
		s = OracleBlocks{Blocks: limit}
	}
	if c.Method == "quest" && c.DenseLayers > 0 {
		s = DenseFirst{Layers: c.DenseLayers, Rest: s}
	}
	return s, min(k, all)
}

func (c Config) evictor(capacity, tokens int) (Evictor, error) {
	if capacity == tokens {
		// Nothing is dropped, also where the prompt is no longer than the window.
		capacity = max(capacity, c.Window+1)
	}
	if capacity <= c.Window {
		return nil, c.tooSmall(capacity, c.Window, "the observation window")
	}
	if c.Selector == SelectorRandom {
		return RandomTokens{Capacity: capacity, Recent: c.Window, Seed: c.Seed}, nil
	}
	pooling := AvgPool
	if c.Pooling == "max" {
		pooling = MaxPool
	}
	return SnapKV{Capacity: capacity, Observed: c.Window, Kernel: c.Kernel, Pooling: pooling}, nil
}

// heavyHitters makes H2O, or its random form, which keeps half of what it may for
// the most recent positions where nothing else is asked.
func (c Config) heavyHitters(capacity, tokens int) (Evictor, error) {
	recent := c.Window
	if recent == 0 {
		recent = capacity / 2
	}
	if capacity == tokens {
		capacity = max(capacity, recent) // nothing is dropped, as with SnapKV
	}
	if capacity < recent {
		return nil, c.tooSmall(capacity, recent-1, "window")
	}
	if c.Selector == SelectorRandom {
		return RandomTokens{Capacity: capacity, Recent: recent, Seed: c.Seed}, nil
	}
	return H2O{Capacity: capacity, Recent: recent}, nil
}

// twilight makes a Twilight and says how many tokens of the prompt it reads at most.
func (c Config) twilight(tokens int) (Twilight, int) {
	blocks := c.K
	if blocks == 0 {
		blocks = BlocksForBudget(c.Budget, tokens, c.Block)
	}
	m := Twilight{Blocks: c.limit(blocks), TopP: 1}
	if !c.everything() {
		m.TopP, _ = strconv.ParseFloat(c.TopP, 64) // one of the choices
	}
	return m, min(blocks*c.Block, tokens)
}

// dilated spends on every D-th position what the window and the initial positions
// leave of the budget.
func (c Config) dilated(k, tokens int) (Dilated, error) {
	m := Dilated{Dilation: c.Dilation, Window: c.Window, Initial: c.Initial}
	if m.Dilation > 0 {
		return m, nil
	}
	rest := k - m.Window - m.Initial
	if c.everything() {
		m.Dilation = 1
		return m, nil
	}
	if rest < 1 {
		return m, c.tooSmall(k, m.Window+m.Initial, "window and initial")
	}
	m.Dilation = (tokens + rest - 1) / rest
	return m, nil
}

func (c Config) streaming(k int) (Streaming, error) {
	if c.everything() {
		return Streaming{Initial: c.Initial, Window: math.MaxInt}, nil
	}
	if k <= c.Initial {
		return Streaming{}, c.tooSmall(k, c.Initial, "initial")
	}
	return Streaming{Initial: c.Initial, Window: k - c.Initial}, nil
}

// tooSmall blames what k tokens come from for not exceeding what must fit.
func (c Config) tooSmall(k, fit int, what string) error {
	if c.K > 0 {
		return input.Errorf("k", "%d tokens, want more than the %d of %s", k, fit, what)
	}
	return input.Errorf("budget", "%s of this prompt is %d tokens, want more than the %d of %s", FormatBudget(c.Budget), k, fit, what)
}
