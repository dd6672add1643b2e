package sparse

import (
	"math"
	"strconv"
	"strings"

	"kvscope/engine/input"
)

// ParseBudget reads a budget, the share of the KV entries that a query may read:
// "1", a fraction such as "1/16", or a decimal such as "0.25", above 0 and at
// most 1.
func ParseBudget(s string) (float64, error) {
	text := strings.TrimSpace(s)
	above, below, fraction := strings.Cut(text, "/")
	budget, ok := plainNumber(above)
	if fraction {
		var divisor float64
		var whole bool
		divisor, whole = plainNumber(below)
		ok = ok && whole && divisor > 0 && !strings.Contains(text, ".")
		budget /= divisor
	}
	if !ok || !(budget > 0 && budget <= 1) {
		return 0, input.Errorf("budget", "%q, want 1, a fraction such as 1/16 or a decimal such as 0.25, above 0 and at most 1", s)
	}
	return budget, nil
}

// FormatBudget writes a budget as people do, 1 or 1/8, or as a decimal where it is not
// exactly such a fraction. ParseBudget reads back the same number.
func FormatBudget(budget float64) string {
	n := math.Round(1 / budget)
	switch {
	case n == 1 && budget == 1:
		return "1"
	case n >= 2 && 1/n == budget:
		return "1/" + strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(budget, 'f', -1, 64)
}

// plainNumber reads digits with at most one point, and none of the other forms
// that a float may be written in.
func plainNumber(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// BlocksForBudget is K, the number of blocks a query reads in a run whose prompt
// has the given number of tokens: the budget's share of the prompt's blocks,
// rounded, at least 1. It is fixed for the run. At 4096 tokens in blocks of 64,
// budgets 1/4, 1/8 and 1/16 give 16, 8 and 4.
func BlocksForBudget(budget float64, tokens, block int) int {
	return countForBudget(budget, (tokens+block-1)/block)
}

// TokensForBudget is the same in tokens: the capacity of SnapKV, its window
// included. At 4096 tokens 1/16 gives 256.
func TokensForBudget(budget float64, tokens int) int { return countForBudget(budget, tokens) }

func countForBudget(budget float64, of int) int {
	return max(1, int(math.Round(budget*float64(of))))
}
