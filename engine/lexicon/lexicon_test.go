package lexicon

import (
	"regexp"
	"testing"
)

func TestWordsAreWords(t *testing.T) {
	hexadecimal, letters := regexp.MustCompile(`^[0-9a-f]+$`), regexp.MustCompile(`^[A-Z]?[a-z]*$`)
	words := New().Words()
	if len(words) < 700 {
		t.Fatalf("%d words", len(words))
	}
	for _, w := range words {
		if hexadecimal.MatchString(w) && w != "a" && w != "be" {
			t.Errorf("%q reads as hexadecimal", w)
		}
		if !letters.MatchString(w) {
			t.Errorf("%q is not a word", w)
		}
	}
}

func TestSections(t *testing.T) {
	l := New()
	if n := len(l.Adjectives()); n < 50 {
		t.Errorf("%d adjectives", n)
	}
	if nouns := l.Nouns(); len(nouns) < 200 || nouns[0] != l.Section("person")[0] {
		t.Errorf("%d nouns", len(nouns))
	}
	if got := l.Section("no such section"); got != nil {
		t.Errorf("a section that is not there has %v", got)
	}
}
