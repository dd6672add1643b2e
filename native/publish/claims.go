package publish

import (
	"slices"

	"kvscope/viz/report"
	"kvscope/web/api"
)

// claims are the claims of the paper that findings are put beside.
var claims = []struct {
	question    api.Question
	title, text string
}{
	{api.Accuracy, "Accuracy under a budget", "The paper finds that a memory over keys and values lets the same selection methods keep more of the accuracy as the budget shrinks."},
	{api.H1, "Hypothesis 1: the memory makes selection better", "A key that carries its neighbourhood represents its block better, so more heads select the needle at every answer step."},
	{api.H2, "Hypothesis 2: the memory makes what is selected worth more", "A selected entry carries some of what was not selected, so even where chance selects, less accuracy is lost."},
}

// swapClaim stands beside the findings of a swap, where there are some.
const swapClaim = "Both backbones differ in training too, one model does not: it picks by keys with the memory (K̃) or without (K), and reads states with it (K̃, Ṽ) or without (K, V), " +
	"one changed at a time. What picking by K loses is the memory's part in selection (hypothesis 1); what reading K, V loses is its part in the states (hypothesis 2), to be held against what " +
	"that loses where everything is read, since the model was never trained without its memory."

// claimed puts findings beside what is claimed.
func claimed(findings []api.Finding) []report.Claim {
	var out []report.Claim
	of := func(title, text string, questions ...api.Question) report.Claim {
		claim := report.Claim{Title: title, Text: text}
		for _, f := range findings {
			if slices.Contains(questions, f.Question) {
				claim.Findings = append(claim.Findings, report.Finding{Verdict: string(f.Verdict), Text: f.Text})
			}
		}
		return claim
	}
	for _, c := range claims {
		out = append(out, of(c.title, c.text, c.question))
	}
	if swap := of("The 2 × 2 swap: the two hypotheses apart, on one model", swapClaim, api.SwapHits, api.SwapKeys, api.SwapStates); len(swap.Findings) > 0 {
		out = append(out, swap)
	}
	return out
}
