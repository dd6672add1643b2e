package niah

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"kvscope/engine/input"
)

// Sentences is the name of the prose that is drawn from a grammar; see Options.Prose.
const Sentences = "sentences"

// Book is a running text that tasks may hide needles in, between its sentences.
type Book struct {
	Name      string // what Options.Prose says
	sentences []string
}

// NewBook reads a text whose lines are paragraphs. White space within counts as one
// blank.
func NewBook(name, text string) (*Book, error) {
	b := &Book{Name: name}
	for line := range strings.Lines(text) {
		b.sentences = append(b.sentences, sentences(oneLine(line))...)
	}
	if name == "" || name == Sentences {
		return nil, fmt.Errorf("book %q: wants a name of its own", name)
	}
	if len(b.sentences) == 0 {
		return nil, fmt.Errorf("book %s: is empty", name)
	}
	return b, nil
}

// sentences parts a paragraph where a needle may stand: not behind a title.
func sentences(paragraph string) []string {
	var out []string
	from := 0
	for _, at := range append(ends(paragraph), len(paragraph)) {
		text := strings.TrimSpace(paragraph[from:at])
		if text == "" || at < len(paragraph) && slices.ContainsFunc(titles, func(t string) bool { return strings.HasSuffix(text, t) }) {
			continue
		}
		out, from = append(out, text), at
	}
	return out
}

// titles end in a full stop that ends no sentence.
var titles = []string{"Mr.", "Mrs.", "Dr.", "St."}

// haystack is b from a sentence on that rng draws, over and over.
func (b *Book) haystack(rng *rand.Rand) haystack {
	start := rng.IntN(len(b.sentences))
	return haystack{func(i int) item {
		return item{text: b.sentences[(start+i)%len(b.sentences)], query: -1}
	}, 0, 1}
}

// book is the book of that name, nil for the drawn sentences.
func (g *Generator) book(name string) (*Book, error) {
	if name == "" || name == Sentences {
		return nil, nil
	}
	known := []string{Sentences}
	for _, b := range g.books {
		if b.Name == name {
			return b, nil
		}
		known = append(known, b.Name)
	}
	return nil, input.Errorf("prose", "%q, allowed are %s", name, strings.Join(known, ", "))
}
