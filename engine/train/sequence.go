package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"kvscope/engine/lexicon"
	"kvscope/engine/niah"
	"kvscope/engine/tokenizer"
)

// kind says why a token of a training sequence is in the loss.
type kind uint8

const (
	unscored kind = iota
	repeated      // a token of a repeated segment
	first         // the first token of an asked value: the one that takes a match
	value         // a later token of an asked value
	closing       // punctuation and end after a value
	running       // a token of running text
)

// weights of the kinds in the loss.
var kindWeight = [...]float32{repeated: 1, first: 3, value: 1, closing: 0.2, running: 1}

// sequence is a training sequence being built, up to limit tokens.
type sequence struct {
	limit  int
	tokens []int32
	kinds  []kind
	even   bool // it counts as much in a batch as any other, however many tokens are scored
}

// weight of its token t in the loss, 0 for none.
func (s *sequence) weight(t int) float32 {
	if s.kinds[t] == unscored {
		return 0
	}
	return kindWeight[s.kinds[t]]
}

// total of the weights of the tokens after the first n at most.
func (s *sequence) total(n int) float32 {
	var sum float32
	for t := 1; t <= min(n, len(s.tokens)-1); t++ {
		sum += s.weight(t)
	}
	return sum
}

func (s *sequence) room() int { return s.limit - len(s.tokens) }

// add appends ids of one kind.
func (s *sequence) add(k kind, ids ...int32) {
	for _, id := range ids {
		s.tokens, s.kinds = append(s.tokens, id), append(s.kinds, k)
	}
}

// addValue appends an asked value.
func (s *sequence) addValue(ids []int32) {
	s.add(first, ids[0])
	s.add(value, ids[1:]...)
}

// writer draws training sequences.
type writer struct {
	needles
	tok                 *tokenizer.Demo
	words, pairs, bytes []int32
	known               []string // words as texts
	decimal             []string // 00 to 99
	letters             []byte   // a to z
	adjectives, nouns   []int32
	dash, comma, stop   int32
	numbers, uuids      wording
	noise               [][]int32 // sentences of filler
}

func newWriter(tok *tokenizer.Demo) *writer {
	w := &writer{
		needles: needles{gen: niah.NewGenerator(tok), vocab: tok}, tok: tok, words: tok.WordIDs(), pairs: tok.PairIDs(), bytes: tok.ByteIDs(),
		dash: mustToken(tok, "-"), comma: mustToken(tok, ","), stop: mustToken(tok, "."),
	}
	for _, a := range lexicon.New().Adjectives() {
		w.adjectives = append(w.adjectives, mustToken(tok, a))
	}
	for _, n := range lexicon.New().Nouns() {
		w.nouns = append(w.nouns, mustToken(tok, n))
	}
	for _, id := range w.words {
		w.known = append(w.known, tok.Text(id))
	}
	for i := range 100 {
		w.decimal = append(w.decimal, fmt.Sprintf("%02d", i))
	}
	for c := byte('a'); c <= 'z'; c++ {
		w.letters = append(w.letters, c)
	}
	w.numbers, w.uuids = w.wordingOf("number", "numbers"), w.wordingOf("uuid", "uuids")
	for _, sentence := range niah.NoiseSentences() {
		w.noise = append(w.noise, tok.Encode(sentence))
	}
	return w
}

func mustToken(tok *tokenizer.Demo, text string) int32 {
	id, ok := tok.Token(text)
	if !ok {
		panic("BUG: the vocabulary lacks " + text)
	}
	return id
}

// pick draws one of ids.
func pick(rng *rand.Rand, ids []int32) int32 { return ids[rng.IntN(len(ids))] }

// between draws from lo to hi, both included.
func between(rng *rand.Rand, lo, hi int) int { return lo + rng.IntN(hi-lo+1) }

// anyTokens draws n tokens, mostly words.
func (w *writer) anyTokens(rng *rand.Rand, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		switch p := rng.Float64(); {
		case p < 0.6:
			ids[i] = pick(rng, w.words)
		case p < 0.85:
			ids[i] = pick(rng, w.pairs)
		default:
			ids[i] = pick(rng, w.bytes)
		}
	}
	return ids
}

// phrase draws one to three words with a joint between, half of them invented.
func (w *writer) phrase(rng *rand.Rand, a *alphabet, joint string) []int32 {
	words := make([]string, between(rng, 1, 3))
	for i := range words {
		if words[i] = w.known[rng.IntN(len(w.known))]; rng.IntN(2) == 0 {
			words[i] = a.word(rng)
		}
	}
	return w.tok.Encode(strings.Join(words, joint))
}

// repeats fills a sequence with random segments and their repetitions, with or
// without small gaps between them: the first lesson in copying. Short segments,
// repeated often, are as likely as long ones: they can be guessed in part before
// the match is learned, and so lead to it.
func (w *writer) repeats(rng *rand.Rand, limit int) *sequence {
	s := &sequence{limit: limit}
	s.add(unscored, w.tok.BOS())
	gap := 3 * rng.IntN(2)
	for s.room() > 8 {
		longest := min(40, s.room()/2)
		length := int(2 * math.Pow(float64(longest)/2, rng.Float64()))
		segment := w.anyTokens(rng, length)
		s.add(unscored, segment...)
		for n := between(rng, 1, 1+40/length); n > 0 && s.room() > 0; n-- {
			s.add(unscored, w.anyTokens(rng, between(rng, 0, gap))...)
			s.add(unscored, segment[0])
			s.add(repeated, segment[1:]...)
		}
	}
	return s
}

// keys draws n distinct keys of one kind. Four in ten share their adjective or
// noun with an earlier one, so that half a match is not enough.
func (w *writer) keys(rng *rand.Rand, a *alphabet, n int) [][]int32 {
	form := rng.Float64()
	var keys [][]int32
	for len(keys) < n {
		var key []int32
		switch {
		case form < 0.6:
			key = []int32{pick(rng, w.adjectives), w.dash, pick(rng, w.nouns)}
			if len(keys) > 0 && rng.Float64() < 0.4 {
				other := keys[rng.IntN(len(keys))]
				part := 2 * rng.IntN(2)
				key[part] = other[part]
			}
		case form < 0.75:
			key = w.phrase(rng, a, " ")
		case form < 0.87:
			key = w.phrase(rng, a, "-")
		default:
			key = a.uuid(rng, w.dash)
		}
		if !slices.ContainsFunc(keys, func(k []int32) bool { return slices.Equal(k, key) }) {
			keys = append(keys, key)
		}
	}
	return keys
}

// values returns a source of values of one kind, and whether they are uuids.
func (w *writer) values(rng *rand.Rand, a *alphabet) (draw func() []int32, uuids bool) {
	switch p := rng.Float64(); {
	case p < 0.55:
		return func() []int32 { return a.number(rng, w.tok) }, false
	case p < 0.8:
		return func() []int32 { return a.uuid(rng, w.dash) }, true
	default:
		return func() []int32 { return w.phrase(rng, a, " ") }, false
	}
}
