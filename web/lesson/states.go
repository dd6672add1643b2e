package lesson

func states() Lesson {
	const random = "budget=1/4&selector=random&head=1.1"
	return Lesson{
		ID: "states", Title: "Hypothesis 2: the memory makes states that miss less",
		Summary: "An entry with memory holds something of its neighbours, so a query may miss the needle's block and still answer.",
		Sources: []Source{paper},
		Steps: []Step{
			{
				Title: "The hypothesis", Query: "task=S-2&seed=24&budget=1/4&head=1.1", Look: "answer",
				Text: []string{
					"An entry of the cache of RAT+ holds some of the tokens before it. If the needle's block is not read, the blocks behind it may still have something of it. To see this, selection must be taken out of the game.",
					"First the usual: Quest at a quarter, and both models are right.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "Blocks drawn at random", Query: "task=S-2&seed=24&" + random, Look: "answer",
				Predict: &Prediction{
					Question: "Now every head reads a quarter of the blocks, drawn at random for each token: no selection could be blinder. Is any answer right?",
					Options:  []string{"neither", "that of plain attention", "that of RAT+"}, Right: 2,
					Because: "Not one head of RAT+ held the needle's block at every step, and yet it is right: what it read held enough of it.",
				},
				Text:   []string{"Plain attention read just as much and says nothing of use."},
				Claims: []Claim{Wrong{0}, Right{1}, Hits{0, 0, 0}, Hits{1, 0, 0}},
			},
			{
				Title: "Not always", Query: "task=S-2&" + random, Look: "answer",
				Text: []string{
					"With another seed RAT+ is wrong as well. Chance loses most answers of both models; the question is how many each keeps, over many draws.",
				},
				Claims: []Claim{Wrong{0}, Wrong{1}},
			},
			{
				Title: "Compute with plain states", Query: "task=MK-2&seed=3&head=1.1&left=" + withMemory + "::memory/memory&right=" + withMemory + "::memory/plain", Look: "answer",
				Predict: &Prediction{
					Question: "The other half of the swap: both columns select by keys with memory, and the right one computes with plain keys and values. Is it right?",
					Options:  []string{"yes", "no"}, Right: 1,
					Because: "The model was trained on states with memory and does not know plain ones. What it reads matters as much as where.",
				},
				Text: []string{
					"Beside the step before last in the lesson on selection this points one way: in this example the states carry the gain. But a model that never saw plain states is a poor judge of them; that is why the paper compares with a model trained without.",
				},
				Claims: []Claim{Right{0}, Wrong{1}},
			},
			{
				Title: "All four", Query: "task=MK-2&seed=3&head=1.1&left=" + withMemory + "::memory/memory&right=" + withMemory + "::plain/memory&third=" + withMemory + "::memory/plain&fourth=" + withMemory + "::plain/plain", Look: "columns",
				Text: []string{
					"The whole {swap}: select with and without memory, compute with and without. Right are the two that compute with it, whatever they select by.",
				},
				Notes:  "On a narrow screen the columns lie below each other.",
				Claims: []Claim{Right{0}, Right{1}, Wrong{2}, Wrong{3}},
			},
			{
				Title: "What the lecture has shown", Query: "task=MK-2&seed=3&head=1.1", Look: "answer",
				Text: []string{
					"A few heads retrieve. Methods guess by summaries which blocks these heads need. A memory over keys and values moves the point at which the guess fails, in part by what is selected, in part by what is read.",
					"Now take your own prompt, another method, or your own model, and see where it loses the needle.",
				},
				Claims: []Claim{Wrong{0}, Right{1}},
			},
		},
	}
}
