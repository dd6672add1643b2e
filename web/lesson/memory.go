package lesson

func memory() Lesson {
	const mk2 = "task=MK-2&seed=3&method=dense"
	return Lesson{
		ID: "memory", Title: "The memory",
		Summary: "A gate mixes each key and value with those before it; the model is trained with it and cannot do without.",
		Sources: []Source{ratPaper, paper},
		Steps: []Step{
			{
				Title: "A recurrence over the cache", Query: mk2 + "&head=1.1&view=memory", Look: "view", Formula: &memoryFormula,
				Text: []string{
					"RAT+ passes keys and values through a {gate} before they enter the cache. What is stored at a token, written with a tilde, is a mixture of the token's own key and of what was stored before it.",
					"The gate has a value for each channel and token, learned like any other weight. The left model has no memory, and nothing to show here.",
				},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "How far back", Query: mk2 + "&head=4.1&view=memory", Look: "view", Formula: &kernelFormula,
				Text: []string{
					"The {kernel} says how much of each earlier token is in the entry of the token looked at. It decays exponentially, faster or slower by head and channel; choose other heads to compare.",
					"The {memory length} of a head is the number of latest tokens that have nine tenths of the kernel.",
				},
				Claims: []Claim{Right{1}},
			},
			{
				Title: "Without its memory", Query: "task=MK-2&seed=3&method=dense&left=" + withMemory + "::trained&memory_strength=0", Look: "answer",
				Predict: &Prediction{
					Question: "Both columns are RAT+ now, with everything read. In the right one the gates are set to zero, so that keys and values are plain. Is it still right?",
					Options:  []string{"yes, since it reads everything", "no"}, Right: 1,
					Because: "The weights were trained together with the memory. Without it they are another model, which speaks nonsense.",
				},
				Text: []string{
					"Columns that change a run by hand say so in a dashed frame. Such a column shows what a part does within this model, not what a model trained without it would do: that is plain attention, which was right.",
				},
				Claims: []Claim{Right{0}, Wrong{1}},
			},
			{
				Title: "Four tokens of it", Query: "task=MK-2&seed=3&method=dense&left=" + withMemory + "::trained&memory_cap=4", Look: "answer",
				Predict: &Prediction{
					Question: "The right column keeps its memory, but cut off after the last four tokens. Is it right?",
					Options:  []string{"yes", "no"}, Right: 0,
					Because: "What this answer needs of the memory is within a few tokens: that is how far most heads look back.",
				},
				Text:   []string{"A short memory does the work here. It joins tokens to their neighbours rather than to the far past, which attention still has to reach."},
				Claims: []Claim{Right{0}, Right{1}},
			},
			{
				Title: "One token of it", Query: "task=MK-2&seed=3&method=dense&left=" + withMemory + "::trained&memory_cap=1", Look: "answer",
				Text:   []string{"Cut to the token itself there is no neighbour left in an entry, and the answer is wrong again."},
				Claims: []Claim{Right{0}, Wrong{1}},
			},
			{
				Title: "What it is for", Query: "task=MK-2&seed=3&head=1.1", Look: "answer",
				Text: []string{
					"With everything read, both models are right, and a memory seems to gain nothing. Under Quest at an eighth plain attention loses the answer, and RAT+ keeps it.",
					"There are two ways to explain this: better selection, or better states. The paper calls them hypotheses, and the last two lessons take them one by one.",
				},
				Claims: []Claim{Wrong{0}, Right{1}},
			},
		},
	}
}
