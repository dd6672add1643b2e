package train

import (
	"fmt"
	"math/rand/v2"

	"kvscope/engine/input"
	"kvscope/engine/niah"
)

// Mix is the share of each kind of lesson in a stage; they add up to one.
type Mix struct{ Repeats, Associations, Packed, Tasks float64 }

// draw fills a batch with sequences of one of the stage's contexts. Kinds of the
// scored rows, in row order, are returned beside it.
func (w *writer) draw(rng *rand.Rand, stage *Stage) (*Batch, []kind, error) {
	context := stage.Contexts[rng.IntN(len(stage.Contexts))]
	b := &Batch{Seqs: stage.Batch / context, Length: context}
	var kinds []kind
	for range b.Seqs {
		var s *sequence
		switch p := rng.Float64(); {
		case p < stage.Mix.Repeats:
			s = w.repeats(rng, context+1)
		case p < stage.Mix.Repeats+stage.Mix.Associations:
			s = w.associations(rng, context+1)
		case p < stage.Mix.Repeats+stage.Mix.Associations+stage.Mix.Packed:
			s = w.packed(rng, context+1)
		default:
			var err error
			if s, err = w.task(rng, stage.Tasks, context+1); err != nil {
				return nil, nil, err
			}
		}
		kinds = append(kinds, b.append(s, w.tok.EOS())...)
	}
	b.normalise()
	return b, kinds, nil
}

// normalise makes the weights add up to one.
func (b *Batch) normalise() {
	var total float64
	for _, w := range b.Weights {
		total += float64(w)
	}
	if total == 0 {
		return // nothing is scored
	}
	for i, w := range b.Weights {
		b.Weights[i] = float32(float64(w) / total)
	}
}

// append adds one sequence to b, cut or padded to its length, and returns the
// kinds of its scored rows.
func (b *Batch) append(s *sequence, pad int32) []kind {
	var kinds []kind
	for t := range b.Length {
		token, target, weight := pad, pad, float32(0)
		if t < len(s.tokens) {
			token = s.tokens[t]
		}
		if t+1 < len(s.tokens) {
			target = s.tokens[t+1]
			if k := s.kinds[t+1]; k != unscored {
				weight = kindWeight[k]
				kinds = append(kinds, k)
			}
		}
		b.Tokens, b.Targets, b.Weights = append(b.Tokens, token), append(b.Targets, target), append(b.Weights, weight)
	}
	return kinds
}

// seedsHeldOut is where evaluation seeds begin: training draws below it.
const seedsHeldOut = 1 << 40

// task draws an example of one of the tasks that fit limit.
func (w *writer) task(rng *rand.Rand, tasks []string, limit int) (*sequence, error) {
	fitting, err := w.fitting(tasks, limit)
	if err != nil {
		return nil, err
	}
	return w.example(fitting[rng.IntN(len(fitting))], rng.Uint64N(seedsHeldOut), limit)
}

// fitting are those of tasks that fit limit, at least one.
func (w *writer) fitting(tasks []string, limit int) ([]string, error) {
	var fitting []string
	for _, id := range tasks {
		least, err := w.least(id)
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
func (w *writer) least(id string) (int, error) {
	if id == niah.OwnID {
		return leastOwn, nil
	}
	task, err := niah.ByID(id)
	if err != nil {
		return 0, err
	}
	return w.gen.MinContext(task)
}

// example is one task example as a training sequence.
func (w *writer) example(id string, seed uint64, limit int) (*sequence, error) {
	task, err := niah.ByID(id)
	if err != nil {
		return nil, err
	}
	ex, err := w.gen.Generate(task, niah.Options{Context: limit, Seed: seed})
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
