package train

import (
	"math/rand/v2"
	"slices"
)

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

// questionRoom is about what a question and its answer take, and mostQuestions how
// much of a packed sequence they may.
const questionRoom, mostQuestions = 48, 0.5

// packed hides several needles in the tasks' own words in a haystack and asks for
// them in the short and the long form of the question. In half of the sequences keys
// hold several values and are asked for one by one, in the others some are asked for
// together. There are never fewer than two keys: with one, a model learns to look
// for the template instead of the key. The fewer keys, the more haystack and the
// fewer questions: an answer given is one more place to copy it from.
func (w *writer) packed(rng *rand.Rand, limit int) *sequence {
	letters := w.alphabet(rng)
	draw, uuids := w.values(rng, letters)
	words := &w.numbers
	if uuids {
		words = &w.uuids
	}
	most := 1 // values of a key
	if rng.IntN(2) == 0 {
		most = between(rng, 2, 4)
	}
	style := rng.IntN(4) // of filler, 0 for none: then needles fill the haystack
	count := severalKeys(rng, limit)
	if style == 0 {
		count = mostKeys(limit)
	}
	all := w.keys(rng, letters, count)
	room := limit - min(questionRoom*len(all), int(mostQuestions*float64(limit)))

	// Needles as long as there is room, then filler in what is left, in any order.
	var items []needle
	used := 1
	for n := 0; n < len(all) && (n < 2 || used < room); n++ {
		for range between(rng, 1, most) {
			it := needle{key: n, value: draw()}
			it.ids = slices.Concat(words.opening, all[n], words.is, it.value, []int32{w.stop})
			used += len(it.ids)
			items = append(items, it)
		}
	}
	for style > 0 && used < room {
		it := needle{key: -1, ids: w.filler(rng, style)}
		used += len(it.ids)
		items = append(items, it)
	}
	rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })

	s := &sequence{limit: limit}
	s.add(unscored, w.tok.BOS())
	held := map[int][][]int32{} // values by key, the latest first, as niah.Example answers
	for _, it := range items {
		s.add(unscored, it.ids...)
		if it.key >= 0 {
			held[it.key] = slices.Insert(held[it.key], 0, it.value)
		}
	}
	keys := all[:len(held)]
	for s.room() > 0 {
		for _, at := range rng.Perm(len(keys)) {
			if s.room() > 0 {
				asked := []int{at}
				if most == 1 && len(keys) >= 4 && rng.IntN(2) == 0 {
					asked = rng.Perm(len(keys))[:between(rng, 2, 4)]
				}
				w.ask(rng, s, words, keys, held, asked)
			}
		}
	}
	return s
}

// needle is a sentence of a packed haystack: of a key, or filler with key −1.
type needle struct {
	ids, value []int32
	key        int
}

// filler is a few random tokens, a sentence of the noise haystack, or one of the
// prose.
func (w *writer) filler(rng *rand.Rand, style int) []int32 {
	switch style {
	case 1:
		return w.anyTokens(rng, between(rng, 1, 12))
	case 2:
		return w.noise[rng.IntN(len(w.noise))]
	default:
		return w.tok.Encode(w.gen.Sentence(rng))
	}
}

// ask adds a question for some of the keys, and the answer.
func (w *writer) ask(rng *rand.Rand, s *sequence, words *wording, keys [][]int32, held map[int][][]int32, asked []int) {
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
