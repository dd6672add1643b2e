package lesson

func quest() Lesson {
	const mk2 = "task=MK-2&seed=3&head=1.1"
	return Lesson{
		ID: "quest", Title: "Quest",
		Summary: "A bound on what any key of a block could score decides which blocks are read; too small a budget loses the needle.",
		Sources: []Source{{"Quest", "https://arxiv.org/abs/2406.10774"}, paper},
		Steps: []Step{
			{
				Title: "A summary of each block", Query: mk2 + "&budget=1/4", Look: "grid",
				Text: []string{
					"Quest keeps, for every block, the smallest and the largest value of each channel of its keys. A query reads these summaries, ranks the blocks, and reads the best of them.",
					"At a quarter of the cache, both models are right.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0.2, 0.25}, Reads{1, 0.2, 0.25}},
			},
			{
				Title: "A bound that cannot be too low", Query: mk2 + "&budget=1/4&view=scores", Look: "view", Formula: &questFormula,
				Text: []string{
					"The {bound} takes, channel by channel, whichever end of the block suits the query. No key in the block can score higher, so a block with a low bound is safely left out.",
					"But the ends may come from different keys, so the bound can promise a score that no key has. The picture sets the bound against the attention that each block truly gets.",
				},
				Notes:  "A good method would put all points on a rising line. The points at the lower right are promises not kept: they take places from the needle.",
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "An eighth of the cache", Query: mk2, Look: "answer",
				Predict: &Prediction{
					Question: "Both models are right at a quarter. At an eighth, eight blocks a head: which of them loses the answer?",
					Options:  []string{"neither", "plain attention", "RAT+", "both"}, Right: 1,
					Because: "In plain attention not one head holds the needle at every token of the answer any more. In RAT+ three heads of layer 1 do.",
				},
				Text: []string{
					"The left model answers with parts of other numbers. The right one has read just as much, and is right.",
				},
				Claims: []Claim{Wrong{0}, Right{1}, Hits{0, 0, 0}, Hits{1, 3, 3}, Hit{1, 1, 1}, Hit{1, 1, 2}, Hit{1, 1, 3}, Reads{0, 0.1, 0.125}, Reads{1, 0.1, 0.125}},
			},
			{
				Title: "What the head missed", Query: mk2 + "&at=24&view=scores", Look: "grid",
				Text: []string{
					"Head 1 of layer 1 is one of those that would find the needle. A black foot marks the blocks that it truly attends to most, a frame the one with the answer; in the left column steps of the answer leave it unread.",
					"The same head of RAT+ reads the answer's block at every step.",
				},
				Claims: []Claim{Missed{0, 1, 1}, Hit{1, 1, 1}},
			},
			{
				Title: "Put the block back by hand", Query: mk2 + "&force=24,25", Look: "answer",
				Predict: &Prediction{
					Question: "Suppose that every head is made to read the blocks of the needle too, and nothing else changes. Does plain attention find the answer?",
					Options:  []string{"yes", "no"}, Right: 0,
					Because: "Nothing is wrong with the model: it knows what to do with the needle once it is read. Selection lost it.",
				},
				Text: []string{
					"Blocks can be forced and dropped in the inspector. With those of the needle forced, the left answer is right as well: this is how to tell a fault of the selection from a fault of the model.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "A sixteenth", Query: mk2 + "&budget=1/16", Look: "answer",
				Text: []string{
					"With four blocks a head no head of either model holds the needle, and both are wrong. The memory moves the point at which a method fails; it does not remove it.",
				},
				Notes:  "The oracle was right with four blocks a head, so the information is there. It is the bound that does not find it.",
				Claims: []Claim{Wrong{0}, Wrong{1}, Hits{0, 0, 0}, Hits{1, 0, 0}},
			},
		},
	}
}
