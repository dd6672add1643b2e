package train

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/tokenizer"
)

// needles are the tasks as lessons.
type needles struct {
	gen   *niah.Generator
	vocab tokenizer.Tokenizer
	prose string // see niah.Options
}

func (n *needles) pad() int32 {
	if ends := n.vocab.Ends(); len(ends) > 0 {
		return ends[0]
	}
	return 0
}

func (n *needles) fingerprint() string { return n.vocab.Fingerprint() }

// seedsHeldOut is where evaluation seeds begin: training draws below it.
const seedsHeldOut = 1 << 40

// task draws an example of one of the tasks that fit limit.
func (n *needles) task(rng *rand.Rand, tasks []string, limit int) (*sequence, error) {
	fitting, err := n.fitting(tasks, limit)
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		s, err := n.example(fitting[rng.IntN(len(fitting))], rng.Uint64N(seedsHeldOut), limit)
		var short *niah.ShortError
		if tries < mostTries && errors.As(err, &short) {
			continue // keys of other words are shorter
		}
		return s, err
	}
}

// mostTries is how often an example is drawn anew that does not fit.
const mostTries = 1000

// fitting picks the tasks that fit limit; there is at least one.
func (n *needles) fitting(tasks []string, limit int) ([]string, error) {
	var fitting []string
	for _, id := range tasks {
		least, err := n.least(id)
		if err != nil {
			return nil, err
		}
		if least <= limit {
			fitting = append(fitting, id)
		}
	}
	if len(fitting) == 0 {
		return nil, input.Errorf("tasks", "none of %v fits %d tokens", tasks, limit)
	}
	return fitting, nil
}

// least is the shortest context that a task is drawn at.
func (n *needles) least(id string) (int, error) {
	if id == niah.OwnID {
		return leastOwn, nil
	}
	task, err := niah.ByID(id)
	if err != nil {
		return 0, err
	}
	return n.gen.MinContext(task)
}

// example is one task example as a training sequence.
func (n *needles) example(id string, seed uint64, limit int) (*sequence, error) {
	task, err := niah.ByID(id)
	if err != nil {
		return nil, err
	}
	ex, err := n.gen.Generate(task, niah.Options{Context: limit, Seed: seed, Prose: n.prose})
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", id, err)
	}
	s := &sequence{limit: limit}
	s.add(unscored, ex.Tokens...)
	inside := false
	for i, t := range ex.Answer {
		k := closing
		if ex.Gold[i] >= 0 && !inside {
			k = first
		} else if ex.Gold[i] >= 0 {
			k = value
		}
		inside = ex.Gold[i] >= 0
		s.add(k, t)
	}
	return s, nil
}
