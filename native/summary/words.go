package summary

import (
	"fmt"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/api"
)

// words says a finding in a sentence.
func (pair pair) words(f api.Finding) string {
	if f.Verdict == api.Baseline {
		return "Reading everything, " + pair.baseline(f) + ": what the rest is to be held against."
	}
	where := experiment.Selection(f.Method, f.Params)
	if f.Selector == sparse.SelectorRandom && f.Question != api.H2 {
		where += " where chance selects"
	}
	if f.Verdict == api.TooFew {
		return fmt.Sprintf("%s: %d of the same examples are too few to compare, want at least %d.", where, f.Pairs, minPairs)
	}
	return where + ": " + pair.measured(f) + "; " + pair.verdict(f)
}

// baseline says how often a model that reads everything is right.
func (pair pair) baseline(f api.Finding) string {
	with, without := number.Percent(f.With), number.Percent(f.Without)
	if f.Question == api.SwapStates {
		return pair.memoryTitle + " answers " + with + " right from states with the memory and " + without + " from states without, which it was not trained to read"
	}
	return pair.memoryTitle + " answers " + with + " right and " + pair.withoutTitle + " " + without
}

// measured says the figures that are compared.
func (pair pair) measured(f api.Finding) string {
	with, without := number.Percent(f.With), number.Percent(f.Without)
	switch f.Question {
	case api.Accuracy:
		return pair.memoryTitle + " answers " + with + " right, " + pair.withoutTitle + " " + without
	case api.H1:
		return "a head of " + pair.memoryTitle + " holds the needle at every answer step in " + with + " of examples on average, one of " + pair.withoutTitle + " in " + without
	case api.H2:
		return "where chance selects, " + pair.memoryTitle + " answers " + with + " right, " + pair.withoutTitle + " " + without
	case api.SwapHits:
		return "a head that picks by keys with the memory holds the needle at every answer step in " + with + " of examples on average, by keys without in " + without
	case api.SwapKeys:
		return "picking by keys with the memory, " + pair.memoryTitle + " answers " + with + " right, by keys without " + without
	case api.SwapStates:
		return "reading states with the memory, " + pair.memoryTitle + " answers " + with + " right, states without " + without
	}
	panic("BUG: no words for the question " + string(f.Question))
}

// verdict says the difference, its interval and whether it is as the paper has it.
func (pair pair) verdict(f api.Finding) string {
	swap := f.Question == api.SwapHits || f.Question == api.SwapKeys || f.Question == api.SwapStates
	d, low, high := f.Difference, f.CI95[0], f.CI95[1]
	if f.Verdict == api.Contradicts {
		d, low, high = -d, -high, -low
	}
	points, interval := number.Points(d)+" points", "(95% interval "+number.Points(low)+" to "+number.Points(high)+")"
	switch {
	case f.Verdict == api.Undecided:
		return "the difference of " + points + " is not significant " + interval + "."
	case f.Verdict == api.Supports && swap:
		return "the memory adds " + points + " " + interval + ", as the hypothesis has it."
	case f.Verdict == api.Supports:
		return pair.memoryTitle + " is ahead by " + points + " " + interval + ", as the paper has it."
	case swap:
		return "the memory takes " + points + " away " + interval + ", against the hypothesis."
	}
	return pair.memoryTitle + " is behind by " + points + " " + interval + ", against the paper."
}
