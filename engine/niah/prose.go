package niah

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"kvscope/engine/tokenizer"
)

//go:embed grammar.txt
var grammar string

// prose draws sentences from the grammar, in tokens. A line of the grammar is one
// form of sentence; {name} stands for any word of that section of the lexicon,
// {x|y} for one of the words given.
type prose struct {
	forms    []form
	shortest int // tokens in the shortest form

	a, an, capA, capAn int32
	vowel              []bool // by token: the word starts with a vowel
}

// form is a sequence of slots. A fixed text is a slot with one choice.
type form []slot

type slot [][]int32

func newProse(tok *tokenizer.Tokenizer) *prose {
	p := &prose{vowel: make([]bool, tok.Size())}
	for _, id := range tok.WordIDs() {
		p.vowel[id] = strings.ContainsRune("aeiou", rune(tok.Text(id)[0]))
	}
	for word, id := range map[string]*int32{"a": &p.a, "an": &p.an, "A": &p.capA, "An": &p.capAn} {
		*id = tok.Encode(word)[0]
	}
	for line := range strings.Lines(grammar) {
		f := parseForm(tok, strings.TrimSpace(line))
		n := 0
		for _, s := range f {
			n += len(s[0])
		}
		if p.shortest == 0 || n < p.shortest {
			p.shortest = n
		}
		p.forms = append(p.forms, f)
	}
	return p
}

func parseForm(tok *tokenizer.Tokenizer, line string) form {
	var f form
	for line != "" {
		text, rest, _ := strings.Cut(line, "{")
		if ids := tok.Encode(strings.TrimSpace(text)); len(ids) > 0 {
			f = append(f, slot{ids})
		}
		if rest == "" {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		words := strings.Split(name, "|")
		if len(words) == 1 {
			words = tok.Section(name)
		}
		var s slot
		for _, w := range words {
			s = append(s, tok.Encode(w))
		}
		if len(s) == 0 {
			panic(fmt.Sprintf("BUG: niah: the lexicon has no section %q", name))
		}
		f = append(f, s)
		line = after
	}
	return f
}

// appendSentence appends one sentence to dst. No choice is made twice in a
// sentence while others remain.
func (p *prose) appendSentence(dst []int32, rng *rand.Rand) []int32 {
	start := len(dst)
	for _, s := range p.forms[rng.IntN(len(p.forms))] {
		if len(s) == 1 {
			dst = append(dst, s[0]...)
			continue
		}
		i := rng.IntN(len(s))
		for range len(s) {
			if !slices.Contains(dst[start:], s[i][0]) {
				break
			}
			i = (i + 1) % len(s)
		}
		if n := len(dst); n > start && p.vowel[s[i][0]] {
			switch dst[n-1] {
			case p.a:
				dst[n-1] = p.an
			case p.capA:
				dst[n-1] = p.capAn
			}
		}
		dst = append(dst, s[i]...)
	}
	return dst
}
