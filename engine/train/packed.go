package train

import "math/rand/v2"

// wording is the tasks' own language for one type of value, as tokens.
type wording struct {
	opening   []int32 // One of the special magic numbers for
	is        []int32 // is:
	whatOne   []int32 // What is the special magic number for
	whatMany  []int32 // What are all the special magic numbers for
	theOne    []int32 // The special magic number for
	theMany   []int32 // The special magic numbers for
	mentioned []int32 // mentioned in the provided text
	question  []int32 // ?
	endsIs    []int32 // is
	endsAre   []int32 // are
	and       []int32 // and
}

func (w *writer) wordingOf(one, many string) wording {
	e := w.tok.Encode
	return wording{
		opening: e("One of the special magic " + many + " for"), is: e("is:"),
		whatOne: e("What is the special magic " + one + " for"), whatMany: e("What are all the special magic " + many + " for"),
		theOne: e("The special magic " + one + " for"), theMany: e("The special magic " + many + " for"),
		mentioned: e("mentioned in the provided text"), question: e("?"),
		endsIs: e("is"), endsAre: e("are"), and: e("and"),
	}
}

// packed writes several needles in the tasks' own words and asks for them one by
// one, some together, in the short and the long form of the question. Some keys
// hold several values. There are never fewer than two keys: with one, a model
// learns to look for the template instead of the key.
func (w *writer) packed(rng *rand.Rand, limit int) *sequence {
	draw, uuids := w.values(rng)
	words := &w.numbers
	if uuids {
		words = &w.uuids
	}
	s := &sequence{limit: limit}
	s.add(unscored, w.tok.BOS())

	several := rng.IntN(5) == 0 // values of the first key
	var keys [][]int32
	held := map[int][][]int32{} // values by key, in order of appearance
	all := w.keys(rng, severalKeys(rng, limit))
	filler := rng.IntN(4)
	for n := 0; ; n++ {
		at := n
		if several && n >= 2 && n < 5 {
			at = 0
		} else if several && n >= 5 {
			at = n - 3
		}
		if at >= len(all) || n >= 2 && s.room() < limit/2 {
			break
		}
		value := draw()
		s.add(unscored, words.opening...)
		s.add(unscored, all[at]...)
		s.add(unscored, words.is...)
		s.add(unscored, value...)
		s.add(unscored, w.stop)
		if at == len(keys) {
			keys = append(keys, all[at])
		}
		held[at] = append(held[at], value)
		w.filler(rng, s, filler)
	}
	for s.room() > 0 {
		w.ask(rng, s, words, keys, held)
	}
	return s
}

// filler adds nothing, a few random tokens, a sentence of the noise haystack, or
// one of the prose.
func (w *writer) filler(rng *rand.Rand, s *sequence, style int) {
	switch style {
	case 1:
		s.add(unscored, w.anyTokens(rng, between(rng, 0, 6))...)
	case 2:
		s.add(unscored, w.noise[rng.IntN(len(w.noise))]...)
	case 3:
		s.add(unscored, w.gen.AppendSentence(nil, rng)...)
	}
}

// ask adds one question and its answer.
func (w *writer) ask(rng *rand.Rand, s *sequence, words *wording, keys [][]int32, held map[int][][]int32) {
	asked := []int{rng.IntN(len(keys))}
	if len(keys) >= 4 && rng.IntN(4) == 0 {
		asked = rng.Perm(len(keys))[:between(rng, 2, 4)]
	}
	var list []int32 // a, b, and c
	var answer [][]int32
	for i, at := range asked {
		if i > 0 {
			list = append(list, w.comma)
		}
		if i > 0 && i == len(asked)-1 {
			list = append(list, words.and...)
		}
		list = append(list, keys[at]...)
		answer = append(answer, held[at]...)
	}
	if len(answer) == 1 && rng.IntN(4) == 0 {
		s.add(unscored, words.opening...)
		s.add(unscored, list...)
		s.add(unscored, words.is...)
		s.addValue(answer[0])
		s.add(unscored, w.stop)
		return
	}
	what, the, ends := words.whatOne, words.theOne, words.endsIs
	if len(answer) > 1 {
		what, the, ends = words.whatMany, words.theMany, words.endsAre
	}
	if rng.IntN(3) == 0 {
		s.add(unscored, what...)
		s.add(unscored, list...)
		s.add(unscored, words.mentioned...)
		s.add(unscored, words.question...)
	}
	s.add(unscored, the...)
	s.add(unscored, list...)
	s.add(unscored, words.mentioned...)
	s.add(unscored, ends...)
	for i, v := range answer {
		if i > 0 {
			s.add(closing, w.comma)
		}
		s.addValue(v)
	}
	s.add(closing, w.stop)
}
