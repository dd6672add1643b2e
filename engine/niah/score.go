package niah

import "strings"

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
