package lesson

func moba() Lesson {
	const s2 = "task=S-2&method=moba&head=1.1"
	return Lesson{
		ID: "moba", Title: "MoBA",
		Summary: "The mean of a block's keys stands for the block; what is small in a large block drowns in its mean.",
		Sources: []Source{{"MoBA", "https://arxiv.org/abs/2502.13189"}, paper},
		Steps: []Step{
			{
				Title: "Sparse while the prompt is read", Query: s2, Look: "grid",
				Text: []string{
					"Quest is sparse while the answer is written. MoBA is sparse while the prompt is read: each {query} of the prompt picks its blocks, and the answer then reads everything.",
					"So a row of this grid is a part of the prompt. A query sees only what is before it, which gives the grid its stair.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "The mean of a block", Query: s2 + "&view=scores", Look: "view", Formula: &mobaFormula,
				Text: []string{
					"A block's score is the product of the query with the mean of the block's keys. One product a block: cheaper than the {bound} of Quest, and neither above nor below what the keys would score.",
					"A query always reads its own block and the first one.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "What is read", Query: s2 + "&budget=1/4", Look: "inspector",
				Text: []string{
					"The {budget} is a share of the whole prompt, and early queries have little before them: they read all of it. So at a budget of a quarter, queries read more than two fifths of what they could see: Cost has the share that the whole run read.",
				},
				Notes:  "This is why a method should be compared by what it read, not by the budget that it was given. The title of a column has the one, Cost the other.",
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0.4, 0.46}, Reads{1, 0.4, 0.46}},
			},
			{
				Title: "A sixteenth", Query: s2 + "&budget=1/16", Look: "answer",
				Predict: &Prediction{
					Question: "With four blocks a query of the prompt, which model loses the needle?",
					Options:  []string{"plain attention", "RAT+", "both"}, Right: 0,
					Because: "The keys of RAT+ carry their neighbours, so the mean of a block says more about each of them. In this example that is enough.",
				},
				Text:   []string{"The left answer has strange letters before the number; the right one is right."},
				Claims: []Claim{Wrong{0}, Right{1}},
			},
			{
				Title: "Larger blocks", Query: s2 + "&budget=1/16&block=32", Look: "answer",
				Text: []string{
					"The same budget in blocks of 32: half as many means, each of twice as many keys. The needle drowns in them, and both models are wrong.",
				},
				Claims: []Claim{Wrong{0}, Wrong{1}},
			},
			{
				Title: "Smaller blocks", Query: s2 + "&budget=1/16&block=8", Look: "answer",
				Predict: &Prediction{
					Question: "And in blocks of 8, for the same budget?",
					Options:  []string{"both are right", "both are wrong"}, Right: 0,
					Because: "A needle of a few tokens fills more of a small block, so its mean stands out. The price is twice as many means to keep and to score.",
				},
				Text:   []string{"The size of the {block} is a setting that published numbers depend on as much as on the budget."},
				Claims: []Claim{Right{0}, Right{1}},
			},
		},
	}
}
