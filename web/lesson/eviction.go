package lesson

func eviction() Lesson {
	return Lesson{
		ID: "eviction", Title: "SnapKV and eviction",
		Summary: "What is thrown away after the prompt cannot be read later, however much a later query would want it.",
		Sources: []Source{{"SnapKV", "https://arxiv.org/abs/2404.14469"}, {"H2O", "https://arxiv.org/abs/2306.14048"}, paper},
		Steps: []Step{
			{
				Title: "Chosen once", Query: "task=S-2&method=snapkv&head=1.1", Look: "grid",
				Text: []string{
					"Quest and MoBA leave the cache whole and choose anew for every query. SnapKV chooses once, when the prompt has been read, and throws the rest away: {eviction}. It saves memory, not only time.",
					"Every row of the grid has the same tokens, since there is nothing else left. An eighth is kept, and both answers are right.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0.12, 0.14}, Reads{1, 0.12, 0.14}},
			},
			{
				Title: "The last queries vote", Query: "task=S-2&method=snapkv&head=1.1&view=scores", Look: "view", Formula: &snapkvFormula,
				Text: []string{
					"The last 32 queries of the prompt are the {observation window}. The attention that they give to a token is its vote; votes are pooled over neighbours, so that what surrounds a winner stays too.",
					"The question stands at the end of the prompt, so the window knows what will be asked.",
				},
				Notes:  "If the question came later, as the second question to the same document does, the votes would know nothing of it.",
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "Half of that", Query: "task=S-2&method=snapkv&budget=1/16&head=1.1", Look: "answer",
				Text: []string{
					"At a sixteenth Quest lost an answer in the lesson before last. For a needle of a few tokens SnapKV still keeps enough: the retrieval heads of layer 1 hold it in both models.",
				},
				Claims: []Claim{Right{0}, Right{1}, Hit{0, 1, 0}, Hit{0, 1, 1}, Hit{0, 1, 2}, Hit{0, 1, 3}, Hit{1, 1, 0}, Hit{1, 1, 1}, Hit{1, 1, 2}, Hit{1, 1, 3}},
			},
			{
				Title: "A longer needle", Query: "task=S-3&method=snapkv&head=1.1&budget=1/4", Look: "answer",
				Predict: &Prediction{
					Question: "Now the value is a UUID of some twenty tokens instead of a number of four, and a whole quarter is kept. Are the answers right?",
					Options:  []string{"both are", "only that of RAT+", "neither is"}, Right: 2,
					Because: "Both begin rightly and then lose the thread. The window votes for where the value begins; the queries that would want its later tokens come only when the answer is written, and by then these tokens are gone.",
				},
				Text: []string{
					"The votes were for what the window's queries wanted, not for what later ones will. Follow the answer with the arrow keys to where it turns wrong.",
				},
				Claims: []Claim{Wrong{0}, Wrong{1}, Reads{0, 0.24, 0.27}, Expects{0, 18, 26}, Expects{1, 18, 26}},
			},
			{
				Title: "The same with Quest", Query: "task=S-3&head=1.1", Look: "answer",
				Text: []string{
					"Quest reads half as much of the same prompt and is right in both models: each token of the answer is a query of its own and finds its own block.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0.1, 0.125}, Reads{1, 0.1, 0.125}},
			},
			{
				Title: "Another way to vote", Query: "task=S-2&method=h2o&head=1.1", Look: "answer",
				Text: []string{
					"H2O counts the attention of all queries of the prompt instead of the last ones. Here plain attention stays right, and the model with memory is the one that is wrong: no head of it holds the needle.",
					"A memory does not help every method. It makes neighbours alike, and what all queries look at is then less often the needle.",
				},
				Notes:  "The tables of the experiments say the same of averages: with SnapKV the memory is behind on these models, against the paper. docs/results.md has the figures.",
				Claims: []Claim{Right{0}, Wrong{1}, Hits{1, 0, 0}, More{0, 1}},
			},
		},
	}
}
