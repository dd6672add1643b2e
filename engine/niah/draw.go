package niah

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
)

// RandomKey draws a key: adjective-noun for Words, else a UUID.
func (g *Generator) RandomKey(rng *rand.Rand, kind Kind) string {
	if kind == UUID {
		return randomUUID(rng)
	}
	return g.adjectives[rng.IntN(len(g.adjectives))] + "-" + g.nouns[rng.IntN(len(g.nouns))]
}

// RandomValue draws a value: seven digits for Number, else a UUID.
func (g *Generator) RandomValue(rng *rand.Rand, kind Kind) string {
	if kind == UUID {
		return randomUUID(rng)
	}
	return strconv.Itoa(1_000_000 + rng.IntN(9_000_000))
}

// randomUUID draws a version 4 UUID (RFC 9562, section 5.4).
func randomUUID(rng *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	at := 0
	for i := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		hex.Encode(text[at:], b[i:i+1])
		at += 2
	}
	return string(text[:])
}

// fresh calls draw until it gives a text that is not in seen, and adds it there.
func fresh(seen map[string]bool, draw func() string) string {
	for {
		text := draw()
		if !seen[text] {
			seen[text] = true
			return text
		}
	}
}

// Sentence draws one sentence of prose, of 7 to 15 words.
func (g *Generator) Sentence(rng *rand.Rand) string { return g.prose.sentence(rng) }
