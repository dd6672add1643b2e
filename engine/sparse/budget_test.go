package sparse

import (
	"math"
	"strings"
	"testing"

	"kvscope/engine/input"
)

func TestParseBudget(t *testing.T) {
	for s, want := range map[string]float64{
		"1": 1, "1.0": 1, "1/1": 1, "1/4": 0.25, "3/4": 0.75, "1/16": 0.0625, "2/2": 1,
		"0.25": 0.25, ".5": 0.5, "0.0625": 0.0625, " 1/8 ": 0.125,
	} {
		if got, err := ParseBudget(s); err != nil || got != want {
			t.Errorf("ParseBudget(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", " ", "0", "0/4", "1/0", "0/0", "2", "5/4", "-1/4", "1/-4", "1//4", "1/2/3", "/4", "1/", "0.5/2", "1/2.0",
		"NaN", "Inf", "1e-1", "0x1p-2", "1_0", "quarter", ".", "1 / 4", "25%",
	} {
		if got, err := ParseBudget(s); err == nil || input.Field(err) != "budget" || !strings.Contains(err.Error(), "1/16") {
			t.Errorf("ParseBudget(%q) = %v, %v, want an error that names the field and shows a budget", s, got, err)
		}
	}
}

func TestFormatBudget(t *testing.T) {
	for budget, want := range map[float64]string{1: "1", 0.25: "1/4", 1.0 / 64: "1/64", 0.3: "0.3", 1.0 / 3: "1/3", 0.99: "0.99", 0.01: "1/100"} {
		if got := FormatBudget(budget); got != want {
			t.Errorf("%g: %s, want %s", budget, got, want)
		}
	}
}

func FuzzParseBudget(f *testing.F) {
	for _, s := range []string{"1", "1/4", "0.5", "1/0", "-1", "1/1e9", "00001/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseBudget(s)
		if err == nil && !(got > 0 && got <= 1) {
			t.Errorf("ParseBudget(%q) = %v, outside of (0, 1]", s, got)
		}
		if err != nil && input.Field(err) != "budget" {
			t.Errorf("ParseBudget(%q): %v names no field", s, err)
		}
		if err == nil {
			again, err := ParseBudget(FormatBudget(got))
			if err != nil || math.Abs(again-got) > 1e-9*got {
				t.Errorf("ParseBudget(%q) = %v, written as %s and read as %v, %v", s, got, FormatBudget(got), again, err)
			}
		}
	})
}

// TestBlocksForBudget holds the paper's figures (4096 tokens in blocks of 64 and
// the same ratios at 1024 in blocks of 16) and the edges.
func TestBlocksForBudget(t *testing.T) {
	for _, c := range []struct {
		budget        float64
		tokens, block int
		want          int
	}{
		{1.0 / 4, 4096, 64, 16}, {1.0 / 8, 4096, 64, 8}, {1.0 / 16, 4096, 64, 4},
		{1.0 / 4, 1024, 16, 16}, {1.0 / 8, 1024, 16, 8}, {1.0 / 16, 1024, 16, 4},
		{1, 1000, 16, 63}, {1.0 / 16, 1000, 16, 4}, {1.0 / 16, 17, 16, 1}, {1, 1, 16, 1},
		{1.0 / 64, 1024, 4, 4}, {1.0 / 16, 1024, 32, 2},
	} {
		if got := BlocksForBudget(c.budget, c.tokens, c.block); got != c.want {
			t.Errorf("BlocksForBudget(%v, %d, %d) = %d, want %d", c.budget, c.tokens, c.block, got, c.want)
		}
	}
	if got := TokensForBudget(1.0/16, 4096); got != 256 {
		t.Errorf("TokensForBudget(1/16, 4096) = %d, want 256", got)
	}
}
