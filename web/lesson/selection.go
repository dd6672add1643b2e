package lesson

func selection() Lesson {
	return Lesson{
		ID: "selection", Title: "Hypothesis 1: the memory helps to select",
		Summary: "With a memory more heads hold the needle under Quest; under other methods it is not so clear.",
		Sources: []Source{paper},
		Steps: []Step{
			{
				Title: "The hypothesis", Query: "task=S-2&metric=hit", Look: "heads",
				Text: []string{
					"Neighbours that share a memory have keys that are alike. A summary of a block of such keys is closer to each of them, so selection by summaries should miss less.",
					"The test: for how many heads was the needle among the blocks that they read, at every step? At an eighth it is a third of the heads of plain attention, and three quarters of those of RAT+.",
				},
				Claims: []Claim{Hits{0, 8, 8}, Hits{1, 18, 18}, More{1, 0}, Right{0}, Right{1}},
			},
			{
				Title: "At half the budget", Query: "task=S-2&metric=hit&budget=1/16", Look: "heads",
				Predict: &Prediction{
					Question: "At a sixteenth, four blocks a head, how many more heads hold the needle in RAT+ than in plain attention?",
					Options:  []string{"none", "a few", "nearly twice as many"}, Right: 2,
					Because: "Seven heads against thirteen. The heads that find it with plain attention are its retrieval heads; in RAT+ others find it as well.",
				},
				Text:   []string{"Neither answer suffers in this example: the heads that matter hold the needle in both."},
				Claims: []Claim{Hits{0, 7, 7}, Hits{1, 13, 13}, Right{0}, Right{1}},
			},
			{
				Title: "Where it decides", Query: "task=MK-2&seed=3&metric=hit", Look: "heads",
				Text: []string{
					"With many needles it decides. No head of plain attention holds the right one at every step, and three of RAT+ do: one answer is wrong, the other right.",
				},
				Claims: []Claim{Hits{0, 0, 0}, Hits{1, 3, 3}, Wrong{0}, Right{1}},
			},
			{
				Title: "With means instead of bounds", Query: "task=S-2&method=moba&metric=hit", Look: "heads",
				Text: []string{
					"The same prompt under MoBA at the same budget: seven heads against eight. Means of keys gain less from the memory in this example than bounds do.",
				},
				Claims: []Claim{Hits{0, 7, 7}, Hits{1, 8, 8}},
			},
			{
				Title: "Select with plain keys", Query: "task=MK-2&seed=3&metric=hit&left=" + withMemory + "::memory/memory&right=" + withMemory + "::plain/memory", Look: "heads",
				Predict: &Prediction{
					Question: "One model, two runs: both compute with the memory, but the right one selects by keys without it. If the hypothesis is all there is, the right one should lose the needle. Does it?",
					Options:  []string{"yes", "no"}, Right: 1,
					Because: "Three heads hold the needle in either run, and both answers are right. In this example selection by plain keys is no worse.",
				},
				Text: []string{
					"This is one half of a {swap}: it changes what is selected by and leaves all else. One example proves nothing, but it warns: more hits between two models need not come from the keys that selection sees.",
				},
				Notes:  "docs/results.md has the swap over many examples, with intervals.",
				Claims: []Claim{Right{0}, Right{1}, Hits{0, 3, 3}, Hits{1, 3, 3}},
			},
			{
				Title: "Counting", Query: "task=S-2&metric=hit&seed=2", Look: "heads",
				Text: []string{
					"Whether a hypothesis holds is a matter of many examples, models and budgets. The Experiments page has the hit rates of every head over many seeds, with intervals, beside the paper's own figures.",
				},
				Claims: []Claim{Right{0}, Right{1}, More{1, 0}},
			},
		},
	}
}
