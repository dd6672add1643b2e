package lexicon

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed words.txt
var file string

// Lexicon holds the words. It is immutable and safe for concurrent use.
type Lexicon struct {
	words    []string
	sections map[string][]string
}

// New reads the list. It takes a fraction of a millisecond.
func New() *Lexicon {
	l := &Lexicon{sections: map[string][]string{}}
	seen, section := map[string]bool{}, ""
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			for _, w := range strings.Fields(line) {
				if seen[w] {
					panic(fmt.Sprintf("BUG: lexicon: has %q twice", w))
				}
				seen[w] = true
				l.words = append(l.words, w)
				l.sections[section] = append(l.sections[section], w)
			}
		}
	}
	return l
}

// Words lists all words, in order.
func (l *Lexicon) Words() []string { return slices.Clone(l.words) }

// Section lists the words of one section, in order; nil when there is no such section.
func (l *Lexicon) Section(name string) []string { return slices.Clone(l.sections[name]) }

// Adjectives lists the words that needle keys take their first half from.
func (l *Lexicon) Adjectives() []string { return l.Section("adjective") }

// Nouns lists the words that needle keys take their second half from.
func (l *Lexicon) Nouns() []string {
	var nouns []string
	for _, s := range []string{"person", "animal", "place", "thing", "nature"} {
		nouns = append(nouns, l.sections[s]...)
	}
	return nouns
}
