package lesson

func retrieval() Lesson {
	const dense = "task=MK-2&seed=3&method=dense&head=1.1"
	return Lesson{
		ID: "retrieval", Title: "Attention as retrieval",
		Summary: "A few heads copy the answer out of the prompt; everything else follows from what they can read.",
		Sources: []Source{ruler, paper},
		Steps: []Step{
			{
				Title: "A question about the prompt", Query: "task=S-2&method=dense", Look: "question",
				Text: []string{
					"The prompt hides one magic number in about a thousand tokens of text. The line above the columns has the question and the expected answer.",
					"Two small language models read the same prompt: one with plain attention, one with a memory in its keys and values (RAT+). Both read everything, and both are right.",
				},
				Notes:  "Let somebody read the question aloud. The tasks are those of RULER, which long-context models are measured by.",
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 1, 1}, Reads{1, 1, 1}},
			},
			{
				Title: "The answer stands in the prompt", Query: "task=S-2&method=dense&line=1", Look: "view",
				Text: []string{
					"The {needle}'s value is underlined in the prompt. The models have never seen it before: each token of the answer is copied from there.",
					"So the question of this lecture is simple. Is the place that the answer is copied from among what a query reads?",
				},
				Notes:  "Press the arrow keys: the underlined token moves on with every token of the answer.",
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "Many numbers, one question", Query: dense, Look: "question",
				Text: []string{
					"In this task the whole prompt is needles: many keys, each with a number. Only the key tells which is asked for, so guessing from the form of a number does not help.",
					"Both models are right again, with everything read.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "Where a head looks", Query: dense + "&view=attention", Look: "view", Formula: &softmaxFormula,
				Text: []string{
					"The map shows one {head}: a row for each {query}, a column for each {key}, dark where the weight is large. The golden lines mark what the answer is copied from.",
					"At the last rows, which write the answer, this head gives at least a third of its weight to the answer's {block}: it has found the needle.",
				},
				Notes:  "Click into the map and drag; the wheel zooms. The sink button leaves out the first tokens, which take weight in every model.",
				Claims: []Claim{Sees{0, 1, 1, 1. / 3}, Sees{1, 1, 1, 1. / 3}},
			},
			{
				Title: "How many heads find it?", Query: "task=MK-2&seed=3&method=oracle-block&budget=1/16", Look: "heads",
				Predict: &Prediction{
					Question: "An oracle gives every head the 4 of 64 blocks that it truly attends to most. For how many of the 24 heads is the needle among them at every token of the answer?",
					Options:  []string{"for nearly all of them", "for about half", "for a handful"}, Right: 2,
					Because: "Only the four heads of layer 1 hold the needle. They are the retrieval heads of this model; the others do other work.",
				},
				Text: []string{
					"A head is marked when its blocks held the needle at every step of the answer: a {hit}. With four blocks a head, four heads hit, all of them in layer 1, in both models.",
				},
				Claims: []Claim{Hits{0, 4, 4}, Hits{1, 4, 4}, Hit{0, 1, 0}, Hit{0, 1, 1}, Hit{0, 1, 2}, Hit{0, 1, 3}, Hit{1, 1, 0}, Hit{1, 1, 1}, Hit{1, 1, 2}, Hit{1, 1, 3}},
			},
			{
				Title: "A handful is enough", Query: "task=MK-2&seed=3&method=oracle-block&budget=1/16&metric=hit", Look: "answer",
				Text: []string{
					"With less than a sixteenth of the cache read, the answer is still right in both models. What is copied passes through a few heads; if they hold the needle, the rest may miss it.",
					"An {oracle} cannot be built: it must look at everything to know what matters. The methods of the next lessons guess instead.",
				},
				Claims: []Claim{Right{0}, Right{1}, Reads{0, 0, 1. / 16}, Reads{1, 0, 1. / 16}},
			},
		},
	}
}
