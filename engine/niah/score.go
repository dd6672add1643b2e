package niah

import (
	"slices"
	"strings"
)

// Score is the fraction of the expected values found among the comma-separated
// answers, as a set; with one value it is exact match. The answer is the first
// line of what a model wrote; what follows a value after its full stop is not held
// against it. A value that holds a comma itself is looked for in all of the answer.
// Score is 0 when nothing is expected.
func Score(expected []string, answer string) float64 {
	answer, _, _ = strings.Cut(strings.TrimSpace(answer), "\n")
	parts := strings.Split(answer, ",")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	wanted := make(map[string]bool)
	found := 0
	for _, value := range expected {
		value = strings.TrimSpace(value)
		if wanted[value] {
			continue
		}
		wanted[value] = true
		if strings.Contains(value, ",") && strings.Contains(answer, value) {
			found++
			continue
		}
		for _, p := range parts {
			if p == value || p == value+"." || strings.HasPrefix(p, value+". ") {
				found++
				break
			}
		}
	}
	if len(wanted) == 0 {
		return 0
	}
	return float64(found) / float64(len(wanted))
}

// Score is how much of what e expects is in an answer: as RULER scores its own examples,
// else as the function Score does.
func (e *Example) Score(answer string) float64 {
	if e.Task.ID == RULERID {
		return scoreRULER(e.Expected, answer, e.any)
	}
	return Score(e.Expected, answer)
}

// scoreRULER is the score of RULER's evaluation (scripts/eval/synthetic/constants.py), from 0
// to 1: the share of the references that stand anywhere in the answer, in any case of
// letters (string_match_all), or with any, 1 where one of them does (string_match_part).
func scoreRULER(references []string, answer string, any bool) float64 {
	answer = strings.ToLower(answer)
	in := func(reference string) bool { return strings.Contains(answer, strings.ToLower(reference)) }
	if any {
		if slices.ContainsFunc(references, in) {
			return 1
		}
		return 0
	}
	found := 0
	for _, r := range references {
		if in(r) {
			found++
		}
	}
	return float64(found) / float64(max(1, len(references)))
}
