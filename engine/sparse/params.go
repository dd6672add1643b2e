package sparse

import "strconv"

// DefaultBlock is the block size where none is given: about as long as a needle.
const DefaultBlock = 16

// mostUnits bounds what counts blocks or tokens: more than any context has.
const mostUnits = 1 << 20

// The parameters that several methods have.

func budgetParam() Param {
	return Param{
		Name: "budget", Title: "Budget, share of the cache read", Kind: KindBudget, Default: "1", Max: 1, Above: true, Extent: true,
		Choices: []string{"1", "1/2", "1/4", "1/8", "1/16", "1/32", "1/64"},
		Help:    "share of the KV entries that a query may read",
	}
}

func blockParam(aliases ...string) Param {
	return Param{
		Name: "block", Title: "Block, tokens", Kind: KindInt, Default: strconv.Itoa(DefaultBlock), Min: 1, Max: 4096, Extent: true,
		Help:    "tokens in a block",
		Phrase:  "blocks of %s",
		Aliases: append([]string{"block_size", "chunk_size", "page_size"}, aliases...),
	}
}

// blocksParam is K of a method that picks blocks.
func blocksParam(aliases ...string) Param {
	return Param{
		Name: "k", Title: "K, blocks", Kind: KindInt, Min: 1, Max: mostUnits, Extent: true, Restricts: true,
		Help:         "blocks a query reads; from the budget when not set",
		Aliases:      append([]string{"top_k", "topk"}, aliases...),
		TokenAliases: []string{"token_budget"},
	}
}

// tokensParam is K of a method that picks tokens.
func tokensParam() Param {
	return Param{
		Name: "k", Title: "K, tokens", Kind: KindInt, Min: 1, Max: mostUnits, Extent: true, Restricts: true,
		Help:    "tokens a query reads; from the budget when not set",
		Aliases: []string{"capacity", "token_budget"},
	}
}

// capacityParam is K of a method that evicts tokens.
func capacityParam() Param {
	p := tokensParam()
	p.Help = "tokens kept, the window included; from the budget when not set"
	p.Aliases = append(p.Aliases, "max_capacity_prompt", "max_capacity_prompts")
	return p
}

// madeOf is p, which others write as numbers of these names that add up to it.
func (p Param) madeOf(names ...string) Param {
	p.Parts = names
	return p
}

func publicParam(help string) Param {
	return Param{Name: "public_code", Title: "follow the authors' released code", Kind: KindBool, Default: "false", Extent: true, Help: help}
}
