package niah

import (
	"slices"
	"strings"
	"testing"

	"kvscope/engine/tokenizer"
)

// TestOwn checks that what is drawn fits, is asked for and found where it says, and
// that some of it is new to the vocabulary.
func TestOwn(t *testing.T) {
	tok := tokenizer.NewDemo()
	g := NewGenerator(tok)
	given := strings.Repeat("A text that someone pasted, with Unheardof wordings in it. ", 60)
	spelled := 0
	for seed := range uint64(60) {
		for _, haystack := range []string{"", given} {
			e, err := g.Generate(OwnTask(), Options{Text: haystack, Seed: seed, Context: 512})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if n := len(e.Tokens) + len(e.Answer); n > 512 || n < 400 {
				t.Errorf("seed %d: %d tokens, want most of 512", seed, n)
			}
			n := e.Needles[0]
			if got := tok.Decode(e.Tokens[n.ValueSpan.Start:n.ValueSpan.End]); strings.TrimSpace(got) != n.Value {
				t.Errorf("seed %d: value %q where %q should be", seed, got, n.Value)
			}
			if got := Score(e.Expected, n.Value); got != 1 {
				t.Errorf("seed %d: the needle's own value scores %g", seed, got)
			}
			if n.KeySpan.End-n.KeySpan.Start > 2*len(strings.FieldsFunc(n.Key, func(r rune) bool { return r == ' ' || r == '-' })) {
				spelled++
			}
			again, err := g.Generate(OwnTask(), Options{Text: haystack, Seed: seed, Context: 512})
			if err != nil || !slices.Equal(again.Tokens, e.Tokens) {
				t.Fatalf("seed %d: drawn twice, not the same (%v)", seed, err)
			}
		}
	}
	if spelled < 20 || spelled > 110 {
		t.Errorf("%d of 120 keys hold words spelled in bytes, want some of both", spelled)
	}
}
