package niah

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// own draws an example of OwnTask.
func (g *Generator) own(rng *rand.Rand, o Options) (*Example, error) {
	known := rng.Float64() // share of words that the vocabulary knows
	key, value := g.ownKey(rng), g.ownValue(rng)
	text := o.Text
	if text == "" {
		text = g.inventText(rng, known, o.Context*bytesPerToken)
	}
	depth := rng.Float64()
	if o.Depth != nil {
		depth = *o.Depth
	}
	e, err := Custom(g.tok, text, key, value, depth, o.Context)
	if err != nil {
		return nil, err
	}
	e.Task, e.Seed = OwnTask(), o.Seed
	return e, nil
}

// bytesPerToken is about what a known word and the blank after it take.
const bytesPerToken = 6

func (g *Generator) ownKey(rng *rand.Rand) string {
	between := [...]string{" ", "-"}[rng.IntN(2)]
	words := make([]string, 1+rng.IntN(3))
	for i := range words {
		words[i] = g.word(rng, 0.4)
	}
	return strings.Join(words, between)
}

func (g *Generator) ownValue(rng *rand.Rand) string {
	switch p := rng.Float64(); {
	case p < 0.4:
		return g.RandomValue(rng, Number)
	case p < 0.6:
		return randomUUID(rng)
	case p < 0.8:
		return strconv.Itoa(rng.IntN([...]int{1e2, 1e4, 1e6, 1e8}[rng.IntN(4)]))
	default:
		words := make([]string, 1+rng.IntN(3))
		for i := range words {
			words[i] = g.word(rng, 0.5)
		}
		return strings.Join(words, " ")
	}
}

// inventText writes sentences until they take size bytes.
func (g *Generator) inventText(rng *rand.Rand, known float64, size int) string {
	var b strings.Builder
	for b.Len() < size {
		for i := range 5 + rng.IntN(10) {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(g.word(rng, known))
		}
		b.WriteString(". ")
	}
	return b.String()
}

// word is one of the vocabulary with probability known, else invented.
func (g *Generator) word(rng *rand.Rand, known float64) string {
	if rng.Float64() < known {
		return g.words[rng.IntN(len(g.words))]
	}
	return inventWord(rng)
}

// inventWord joins one to four syllables, sometimes with a capital first.
func inventWord(rng *rand.Rand) string {
	const consonants, vowels = "bcdfghjklmnprstvwyz", "aeiou"
	var word []byte
	for range 1 + rng.IntN(4) {
		word = append(word, consonants[rng.IntN(len(consonants))], vowels[rng.IntN(len(vowels))])
		if rng.IntN(3) == 0 {
			word = append(word, consonants[rng.IntN(len(consonants))])
		}
	}
	if rng.IntN(6) == 0 {
		word[0] -= 'a' - 'A'
	}
	return string(word)
}
