package train

import (
	"math"
	"math/rand/v2"
)

// fact is a key and its value as they were written down.
type fact struct{ key, value []int32 }

// mostKeys is how many keys a sequence of limit tokens tells apart at most.
func mostKeys(limit int) int { return max(10, limit/12) }

// severalKeys draws from two to mostKeys, small numbers as likely as large.
func severalKeys(rng *rand.Rand, limit int) int {
	return int(2*math.Pow(float64(mostKeys(limit))/2, rng.Float64()) + 0.5)
}

// associations writes facts in a random wording, the same for all of them, and
// asks for them again and again: it teaches to match a key whatever surrounds it.
func (w *writer) associations(rng *rand.Rand, limit int) *sequence {
	letters := w.alphabet(rng)
	draw, _ := w.values(rng, letters)
	opening, middle := w.anyTokens(rng, between(rng, 0, 8)), w.anyTokens(rng, between(rng, 0, 5))
	ask, reply := opening, middle
	if rng.IntN(2) == 0 {
		ask = w.anyTokens(rng, between(rng, 0, 8))
	}
	if rng.IntN(2) == 0 {
		reply = w.anyTokens(rng, between(rng, 1, 8))
	}
	noise := rng.IntN(2) == 0

	s := &sequence{limit: limit}
	s.add(unscored, w.tok.BOS())
	count := severalKeys(rng, limit)
	var facts []fact
	for _, key := range w.keys(rng, letters, count) {
		f := fact{key, draw()}
		if len(facts) >= 2 && s.room() < limit/2 {
			break
		}
		s.add(unscored, opening...)
		s.add(unscored, f.key...)
		s.add(unscored, middle...)
		s.add(unscored, f.value...)
		facts = append(facts, f)
		if noise {
			s.add(unscored, w.anyTokens(rng, between(rng, 0, 6))...)
		}
	}
	for s.room() > 0 {
		f := facts[rng.IntN(len(facts))]
		s.add(unscored, ask...)
		s.add(unscored, f.key...)
		s.add(unscored, reply...)
		s.addValue(f.value)
		if noise {
			s.add(unscored, w.anyTokens(rng, between(rng, 0, 3))...)
		}
	}
	return s
}
