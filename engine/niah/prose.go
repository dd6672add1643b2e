package niah

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"kvscope/engine/lexicon"
)

//go:embed grammar.txt
var grammar string

// prose draws sentences from the grammar. A line of the grammar is one form of
// sentence; {name} stands for any word of that section of the lexicon, {x|y} for one
// of the words given.
type prose struct{ forms [][]slot }

// slot is a part of a form: fixed text, or a choice of words.
type slot struct {
	text  string
	words []string // of the text; those to choose from, where there is none
}

func newProse(words *lexicon.Lexicon) *prose {
	p := &prose{}
	for line := range strings.Lines(grammar) {
		p.forms = append(p.forms, parseForm(words, strings.TrimSpace(line)))
	}
	return p
}

func parseForm(words *lexicon.Lexicon, line string) []slot {
	var form []slot
	for line != "" {
		text, rest, choice := strings.Cut(line, "{")
		if text != "" {
			own := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
			form = append(form, slot{text: text, words: own})
		}
		if !choice {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		choices := strings.Split(name, "|")
		if len(choices) == 1 {
			choices = words.Section(name)
		}
		if len(choices) == 0 {
			panic(fmt.Sprintf("BUG: niah: the lexicon has no section %q", name))
		}
		form = append(form, slot{words: choices})
		line = after
	}
	return form
}

// plain lists a sentence of every form, with the first of all choices.
func (p *prose) plain() []string {
	var out []string
	for _, form := range p.forms {
		text := ""
		for _, s := range form {
			if s.text == "" {
				text += s.words[0]
			}
			text += s.text
		}
		out = append(out, text)
	}
	return out
}

// sentence draws one. No choice is made twice in a sentence while others remain.
func (p *prose) sentence(rng *rand.Rand) string {
	var text []byte
	var used []string
	for _, s := range p.forms[rng.IntN(len(p.forms))] {
		if s.text != "" {
			text, used = append(text, s.text...), append(used, s.words...)
			continue
		}
		i := rng.IntN(len(s.words))
		for range len(s.words) {
			if !slices.Contains(used, s.words[i]) {
				break
			}
			i = (i + 1) % len(s.words)
		}
		word := s.words[i]
		if n := len(used); n > 0 && strings.EqualFold(used[n-1], "a") && strings.ContainsRune("aeiou", rune(word[0])) {
			used[n-1] += "n"
			text = append(text[:len(text)-1], "n "...)
		}
		text, used = append(text, word...), append(used, word)
	}
	return string(text)
}
