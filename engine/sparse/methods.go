package sparse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DefaultBlock is the block size where none is given: about as long as a needle.
const DefaultBlock = 16

// What a method's candidates are.
const (
	UnitBlock = "block"
	UnitToken = "token"
)

// When a method selects: for every query of the prefill (the decode is dense), for
// every decoded query (the prefill is dense), or once between the two.
const (
	PhasePrefill = "prefill"
	PhaseDecode  = "decode"
	PhaseEvict   = "evict"
)

// Kinds of parameters.
const (
	KindBudget = "budget" // see ParseBudget
	KindInt    = "int"
	KindChoice = "choice"
	KindBool   = "bool"
)

// Info describes a selection method for a form or a help text.
type Info struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`   // UnitBlock or UnitToken
	Phase  string  `json:"phase"`  // PhasePrefill, PhaseDecode or PhaseEvict
	Random bool    `json:"random"` // whether Config.Selector may be "random"
	Help   string  `json:"help"`
	Paper  string  `json:"paper"`
	Params []Param `json:"params"`
}

// Param describes one parameter of a method; Name is its key in Config's JSON and,
// with dashes, its flag.
type Param struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Default string   `json:"default"` // "" when it follows from other parameters
	Min     int      `json:"min"`     // of a KindInt
	Max     int      `json:"max"`
	Odd     bool     `json:"odd"`
	Choices []string `json:"choices,omitempty"` // of a KindChoice
	Help    string   `json:"help"`
}

// Allowed says in words which values p takes.
func (p Param) Allowed() string {
	switch {
	case p.Kind == KindBudget:
		return "1, a fraction such as 1/16 or a decimal such as 0.25, above 0 and at most 1"
	case p.Kind == KindBool:
		return "true or false"
	case p.Kind == KindChoice:
		return strings.Join(p.Choices, " or ")
	case p.Odd:
		return fmt.Sprintf("an odd number from %d to %d", p.Min, p.Max)
	}
	return fmt.Sprintf("a whole number from %d to %d", p.Min, p.Max)
}

// Method is the description of the method with that ID.
func Method(id string) (Info, bool) {
	all := Methods()
	if i := slices.IndexFunc(all, func(m Info) bool { return m.ID == id }); i >= 0 {
		return all[i], true
	}
	return Info{}, false
}

// Methods describes every method, in the order to offer them.
func Methods() []Info {
	const most = 1 << 20
	var (
		budget      = Param{Name: "budget", Kind: KindBudget, Default: "1", Help: "share of the KV entries that a query may read"}
		block       = Param{Name: "block", Kind: KindInt, Default: strconv.Itoa(DefaultBlock), Min: 1, Max: 4096, Help: "tokens in a block"}
		blocks      = Param{Name: "k", Kind: KindInt, Min: 1, Max: most, Help: "blocks a query reads; from the budget when not set"}
		tokens      = Param{Name: "k", Kind: KindInt, Min: 1, Max: most, Help: "tokens a query reads; from the budget when not set"}
		public      = Param{Name: "public_code", Kind: KindBool, Default: "false"}
		denseLayers = Param{Name: "dense_layers", Kind: KindInt, Default: "0", Max: 1024, Help: "first layers that read everything; the authors' code has 2, the paper's runs none"}
	)
	questPublic, mobaPublic, kept := public, public, tokens
	questPublic.Help = "as the authors' code: at least 3 blocks, none forced; else the first and the local block are among them"
	mobaPublic.Help = "as the authors' code: only the local block is forced; else the first one too"
	kept.Help = "tokens kept, the window included; from the budget when not set"
	return []Info{
		{
			ID: "dense", Name: "Dense", Unit: UnitBlock, Phase: PhaseDecode,
			Help:   "reads everything",
			Params: []Param{block},
		},
		{
			ID: "quest", Name: "Quest", Unit: UnitBlock, Phase: PhaseDecode, Random: true,
			Help:   "blocks with the greatest bound on their keys' dot product with the query",
			Paper:  "arXiv:2406.10774",
			Params: []Param{budget, block, blocks, questPublic, denseLayers},
		},
		{
			ID: "moba", Name: "MoBA", Unit: UnitBlock, Phase: PhasePrefill, Random: true,
			Help:   "blocks whose mean key has the greatest dot product with the query",
			Paper:  "arXiv:2502.13189",
			Params: []Param{budget, block, blocks, mobaPublic},
		},
		{
			ID: "snapkv", Name: "SnapKV", Unit: UnitToken, Phase: PhaseEvict, Random: true,
			Help:  "keeps the tokens that the last queries of the prompt attend to most, and drops the rest",
			Paper: "arXiv:2404.14469",
			Params: []Param{
				budget, kept,
				{Name: "window", Kind: KindInt, Default: "32", Min: 1, Max: 4096, Help: "last queries of the prompt that vote; their own tokens are always kept"},
				{Name: "kernel", Kind: KindInt, Default: "7", Min: 1, Max: 255, Odd: true, Help: "neighbouring tokens over which votes are pooled; 1 does not pool"},
				{Name: "pooling", Kind: KindChoice, Default: "avg", Choices: []string{"avg", "max"}, Help: "how votes are pooled"},
			},
		},
		{
			ID: "h2o", Name: "H2O", Unit: UnitToken, Phase: PhaseEvict, Random: true,
			Help:  "keeps the most recent tokens and those that the whole prompt attends to most, and drops the rest",
			Paper: "arXiv:2306.14048",
			Params: []Param{
				budget, kept,
				{Name: "window", Kind: KindInt, Min: 1, Max: most, Help: "last tokens of the prompt, always kept; half of those kept when not set"},
			},
		},
		{
			ID: "twilight", Name: "Twilight", Unit: UnitToken, Phase: PhaseDecode,
			Help:  "of the blocks that Quest hands on, the fewest tokens that hold a share p of the attention, as estimated from keys of 4 bits",
			Paper: "arXiv:2502.02770",
			Params: []Param{
				budget, block, blocks,
				{Name: "top_p", Kind: KindChoice, Default: "0.95", Choices: []string{"0.5", "0.7", "0.8", "0.85", "0.9", "0.95", "0.99"}, Help: "p, the share of the estimated attention that is read"},
			},
		},
		{
			ID: "dilated", Name: "Dilated", Unit: UnitToken, Phase: PhaseDecode,
			Help:  "every D-th token, a local window and the first tokens, as RAT+ is trained",
			Paper: "arXiv:2602.18196",
			Params: []Param{
				budget, tokens,
				{Name: "dilation", Kind: KindInt, Min: 1, Max: most, Help: "D; from the budget when not set"},
				{Name: "window", Kind: KindInt, Default: "0", Max: most, Help: "tokens before the query that are always read"},
				{Name: "initial", Kind: KindInt, Default: "0", Max: most, Help: "first tokens, always read"},
			},
		},
		{
			ID: "streaming", Name: "StreamingLLM", Unit: UnitToken, Phase: PhaseDecode,
			Help:  "the first tokens and the most recent ones",
			Paper: "arXiv:2309.17453",
			Params: []Param{
				budget, tokens,
				{Name: "initial", Kind: KindInt, Default: "4", Min: 1, Max: most, Help: "first tokens, always read; the rest of the budget is the recent window"},
			},
		},
		{
			ID: "oracle-block", Name: "Oracle (block)", Unit: UnitBlock, Phase: PhaseDecode,
			Help:   "the blocks that hold the most of the query's true attention: the ceiling for block methods",
			Params: []Param{budget, block, blocks},
		},
		{
			ID: "oracle-token", Name: "Oracle (token)", Unit: UnitToken, Phase: PhaseDecode,
			Help:   "the tokens with the most of the query's true attention: the ceiling for token methods",
			Params: []Param{budget, tokens},
		},
	}
}
