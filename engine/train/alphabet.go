package train

import (
	"math"
	"math/rand/v2"

	"kvscope/engine/tokenizer"
)

// alphabet holds the pieces that the values and invented words of one sequence are made of.
// Half of the sequences make do with a few tokens: their values then share so many pairs
// of neighbours that copying one takes more than the token before, as it does now
// and then in every text of many needles.
type alphabet struct {
	pairs   []int32  // of uuids
	decimal []string // pairs of digits of numbers
	letters []byte   // of invented words
}

// fewest is the least number of tokens in an alphabet.
const fewest = 6

func (w *writer) alphabet(rng *rand.Rand) *alphabet {
	a := &alphabet{pairs: w.pairs, decimal: w.decimal, letters: w.letters}
	if rng.IntN(2) == 0 {
		a.pairs, a.decimal, a.letters = some(rng, a.pairs), some(rng, a.decimal), some(rng, a.letters)
	}
	return a
}

// some draws fewest to all of from, small numbers as likely as large.
func some[T any](rng *rand.Rand, from []T) []T {
	n := int(fewest * math.Pow(float64(len(from))/fewest, rng.Float64()))
	drawn := make([]T, n)
	for i, at := range rng.Perm(len(from))[:n] {
		drawn[i] = from[at]
	}
	return drawn
}

// uuid draws the tokens of a uuid: its groups of pairs, with dashes between.
func (a *alphabet) uuid(rng *rand.Rand, dash int32) []int32 {
	var ids []int32
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			ids = append(ids, dash)
		}
		for range n {
			ids = append(ids, a.pairs[rng.IntN(len(a.pairs))])
		}
	}
	return ids
}

// number draws the tokens of a 7-digit number.
func (a *alphabet) number(rng *rand.Rand, tok *tokenizer.Demo) []int32 {
	digits := make([]byte, 0, 7)
	for range 3 {
		digits = append(digits, a.decimal[rng.IntN(len(a.decimal))]...)
	}
	return tok.Encode(string(append(digits, byte('0'+rng.IntN(10)))))
}

// word draws a word the vocabulary does not know, at times with a capital first.
func (a *alphabet) word(rng *rand.Rand) string {
	word := make([]byte, between(rng, 3, 9))
	for i := range word {
		word[i] = a.letters[rng.IntN(len(a.letters))]
	}
	if rng.IntN(6) == 0 {
		word[0] -= 'a' - 'A'
	}
	return string(word)
}
