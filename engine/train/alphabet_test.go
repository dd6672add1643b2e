package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"kvscope/engine/tokenizer"
)

// TestAlphabet: about half of the alphabets are small, none below the least, and
// what is drawn from one is made of nothing else.
func TestAlphabet(t *testing.T) {
	w := newWriter(tokenizer.NewDemo())
	small := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		a := w.alphabet(rng)
		if len(a.pairs) < fewest || len(a.decimal) < fewest || len(a.letters) < fewest {
			t.Fatalf("seed %d: %d pairs, %d decimal pairs, %d letters", seed, len(a.pairs), len(a.decimal), len(a.letters))
		}
		if len(a.pairs) < len(w.pairs) {
			small++
		}
		uuid := a.uuid(rng, w.dash)
		if len(uuid) != 20 {
			t.Fatalf("seed %d: a uuid of %d tokens, want 20", seed, len(uuid))
		}
		for _, id := range uuid {
			if id != w.dash && !appears(a.pairs, id) {
				t.Fatalf("seed %d: %s is not of the alphabet", seed, w.tok.Text(id))
			}
		}
		if number := w.tok.Decode(a.number(rng, w.tok)); len(number) != 7 {
			t.Fatalf("seed %d: number %q, want 7 digits", seed, number)
		}
	}
	if small < 150 || small > 250 {
		t.Errorf("%d of 400 alphabets are small, want about half", small)
	}
}

// TestPhrase: known and invented words, some with a capital, one to three of them.
func TestPhrase(t *testing.T) {
	w := newWriter(tokenizer.NewDemo())
	var words, known, capitals int
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		phrase := strings.Split(w.tok.Decode(w.phrase(rng, w.alphabet(rng), "-")), "-")
		if len(phrase) < 1 || len(phrase) > 3 {
			t.Fatalf("seed %d: %q", seed, phrase)
		}
		for _, word := range phrase {
			words++
			if slices.Contains(w.known, word) {
				known++
			} else if unicode.IsUpper(rune(word[0])) {
				capitals++
			}
		}
	}
	if known < words*2/5 || known > words*3/5 || capitals < words/24 || capitals > words/6 {
		t.Errorf("of %d words %d are known and %d begin with a capital, want about half and a twelfth", words, known, capitals)
	}
}

// TestPackedFillsWithHaystack: few keys stand in much haystack with few questions.
func TestPackedFillsWithHaystack(t *testing.T) {
	const limit = 1025
	w := newWriter(tokenizer.NewDemo())
	several := 0
	for seed := range uint64(200) {
		s := w.packed(rand.New(rand.NewPCG(seed, 1)), limit)
		asked, firsts := 0, 0
		for i, k := range s.kinds[:limit] {
			if k != unscored && asked == 0 {
				asked = i
			}
			if k == first {
				firsts++
			}
		}
		if asked < limit/6 || firsts == 0 {
			t.Errorf("seed %d: the first of %d values is asked for after %d of %d tokens", seed, firsts, asked, limit)
		}
		if asked > 4*limit/5 {
			several++
		}
	}
	if several < 20 {
		t.Errorf("%d of 200 sequences are mostly haystack, want some", several)
	}
}
