package trace

import "strconv"

// Asked says what a run was asked, in few words: its task and seed. What is no task of the
// models' own has a name of its own in Task, or in Arch where only the queries were kept.
func (h *Header) Asked() string {
	if h.Arch == "capture" {
		return "queries and keys"
	}
	seed := strconv.FormatUint(h.Seed, 10)
	switch h.Task {
	case "", "custom":
		return "own text"
	case "prompt":
		return "free prompt"
	case "ruler":
		return "RULER, example " + seed
	}
	return h.Task + ", seed " + seed
}
