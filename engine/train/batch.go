package train

import "math/rand/v2"

// Mix is the share of each kind of lesson in a stage; they add up to one.
type Mix struct{ Repeats, Associations, Packed, Prose, Tasks float64 }

// total is the sum of all shares.
func (m Mix) total() float64 { return m.Repeats + m.Associations + m.Packed + m.Prose + m.Tasks }

// least is the smallest share.
func (m Mix) least() float64 { return min(m.Repeats, m.Associations, m.Packed, m.Prose, m.Tasks) }

// lessons is a source of training sequences.
type lessons interface {
	// sequence is one of up to limit tokens, of one of the kinds that stage mixes.
	sequence(rng *rand.Rand, stage *Stage, limit int) (*sequence, error)
	// example is one of a needle task; see needles.
	example(id string, seed uint64, limit int) (*sequence, error)
	// fitting are those of tasks that fit limit, at least one.
	fitting(tasks []string, limit int) ([]string, error)
	// pad is the token that short sequences end in.
	pad() int32
	// fingerprint is that of the vocabulary.
	fingerprint() string
}

// draw fills a batch with sequences of one of the stage's contexts. Kinds of the
// scored rows, in row order, are returned beside it.
func draw(from lessons, rng *rand.Rand, stage *Stage) (*Batch, []kind, error) {
	context := stage.Contexts[rng.IntN(len(stage.Contexts))]
	b := &Batch{Seqs: stage.Batch / context, Length: context}
	var kinds []kind
	for range b.Seqs {
		s, err := from.sequence(rng, stage, context+1)
		if err != nil {
			return nil, nil, err
		}
		kinds = append(kinds, b.append(s, from.pad())...)
	}
	b.normalise()
	return b, kinds, nil
}

// sequence is one of the lessons of a demo model.
func (w *writer) sequence(rng *rand.Rand, stage *Stage, limit int) (*sequence, error) {
	switch p := rng.Float64(); {
	case p < stage.Mix.Repeats:
		return w.repeats(rng, limit), nil
	case p < stage.Mix.Repeats+stage.Mix.Associations:
		return w.associations(rng, limit), nil
	case p < stage.Mix.Repeats+stage.Mix.Associations+stage.Mix.Packed:
		return w.packed(rng, limit), nil
	default:
		return w.task(rng, stage.Tasks, limit)
	}
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
	scale := float32(1)
	if total := s.total(b.Length); s.even && total > 0 {
		scale = 1 / total
	}
	for t := range b.Length {
		token, target, weight := pad, pad, float32(0)
		if t < len(s.tokens) {
			token = s.tokens[t]
		}
		if t+1 < len(s.tokens) {
			target = s.tokens[t+1]
			if k := s.kinds[t+1]; k != unscored {
				weight = s.weight(t+1) * scale
				kinds = append(kinds, k)
			}
		}
		b.Tokens, b.Targets, b.Weights = append(b.Tokens, token), append(b.Targets, target), append(b.Weights, weight)
	}
	return kinds
}
