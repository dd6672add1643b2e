package lesson

func cost() Lesson {
	return Lesson{
		ID: "cost", Title: "What the KV cache costs",
		Summary: "Every new token reads the whole cache; reading an eighth of it is enough if it is the right eighth.",
		Sources: []Source{paper, {"StreamingLLM", "https://arxiv.org/abs/2309.17453"}},
		Steps: []Step{
			{
				Title: "Everything, for every token", Query: "task=S-2&method=dense&head=1.1", Look: "inspector", Formula: &cacheFormula,
				Text: []string{
					"To write one token, every head reads the key and the value of every token before it: the {KV cache}. Under Cost stand the entries and bytes that one head reads for one token.",
					"The products of a small step are cheap; the time goes into moving these bytes.",
				},
				Notes:  "For a 7B model of 32 layers with 4,096 tokens in half precision this is two gigabytes a sequence.",
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 1, 1}, Reads{1, 1, 1}},
			},
			{
				Title: "A shorter prompt", Query: "task=S-2&method=dense&head=1.1&context=512", Look: "inspector",
				Text: []string{
					"With a context of 512 tokens the same head reads half the entries. The cost of a token grows with the length of what came before it, and that of a whole answer with both.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 1, 1}},
			},
			{
				Title: "Blocks", Query: "task=S-2&head=1.1", Look: "grid",
				Text: []string{
					"Caches are kept in {block}s of 16 tokens. A row of this grid is a token of the answer, a cell a block: dark cells are read, pale ones are not.",
					"Here every query reads one block in eight, chosen for each head and each token by a method that a later lesson explains. Both answers are still right.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0.1, 0.125}, Reads{1, 0.1, 0.125}},
			},
			{
				Title: "The latest eighth", Query: "task=S-2&method=streaming&head=1.1", Look: "answer",
				Predict: &Prediction{
					Question: "A simpler way to read an eighth: the first four tokens and the most recent ones, for every head alike. Are the answers still right?",
					Options:  []string{"both are", "only that of RAT+", "neither is"}, Right: 2,
					Because: "The needle lies neither among the first tokens nor among the recent ones. No head reads it, so it cannot be copied.",
				},
				Text: []string{
					"StreamingLLM reads as many entries as before and keeps a model's language fluent, but not one head holds the needle.",
				},
				Claims: []Claim{Wrong{0}, Wrong{1}, Hits{0, 0, 0}, Hits{1, 0, 0}, Reads{0, 0.1, 0.13}},
			},
			{
				Title: "A random quarter", Query: "task=S-2&budget=1/4&selector=random&head=1.1", Look: "answer",
				Text: []string{
					"Twice as many entries, drawn at random: both answers are wrong, and no head held the needle at all steps. What counts is not how much is read but which.",
				},
				Notes:  "Every token of the answer draws anew, so a head would have to be lucky at each of them.",
				Claims: []Claim{Wrong{0}, Wrong{1}, Hits{0, 0, 0}, Hits{1, 0, 0}, Reads{0, 0.2, 0.25}},
			},
			{
				Title: "The best sixteenth", Query: "task=S-2&method=oracle-block&budget=1/16&head=1.1", Look: "answer",
				Text: []string{
					"And a sixteenth is enough when it is the right one: the oracle's four blocks a head give the right answer in both models.",
					"Between these two lie all methods of query-aware sparsity. They read a cheap summary of each block first, and then only the blocks that it promises something of.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0, 1. / 16}, Reads{1, 0, 1. / 16}},
			},
		},
	}
}
