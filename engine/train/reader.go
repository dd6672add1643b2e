package train

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/lexicon"
	"kvscope/engine/niah"
	"kvscope/engine/tokenizer"
)

// reader draws the lessons of a pretrained model, as text in the tokens of its own:
// running prose, needles hidden in it, and associations. Keys are words of the prose
// that the tasks' own lexicon has not, so that none of them is one that the model is
// measured with.
type reader struct {
	needles
	words []string
	texts []int32 // the prose, one text after the other
}

// trainingProse is the name of the texts as a book for needles.
const trainingProse = "training"

// fewestWords is the least number of different words a text must have for keys to be
// made of.
const fewestWords = 100

// newReader reads texts, a paragraph a line.
func newReader(tok tokenizer.Tokenizer, texts []string) (*reader, error) {
	all := strings.Join(texts, "\n")
	words := keyWords(all)
	if len(words) < fewestWords {
		return nil, input.Errorf("prose", "%d words that keys can be made of, want a book of at least %d", len(words), fewestWords)
	}
	book, err := niah.NewBook(trainingProse, all)
	if err != nil {
		return nil, input.Errorf("prose", "%v", err)
	}
	gen := niah.NewGenerator(tok, book).WithKeys(words, words)
	return &reader{needles: needles{gen: gen, vocab: tok, prose: trainingProse}, words: words, texts: tok.Encode(all)}, nil
}

// keyWords are the words of four to nine small letters that stand in text at least twice
// and in the lexicon never, in order.
func keyWords(text string) []string {
	known := map[string]bool{}
	for _, w := range lexicon.New().Words() {
		known[w] = true
	}
	count := map[string]int{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n.,;:!?\"()-", r) }) {
		if len(w) >= 4 && len(w) <= 9 && !known[w] && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == "" {
			count[w]++
		}
	}
	var words []string
	for w, n := range count {
		if n >= 2 {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return words
}

// sequence is one of the lessons of an adapter.
func (r *reader) sequence(rng *rand.Rand, stage *Stage, limit int) (s *sequence, err error) {
	switch p := rng.Float64(); {
	case p < stage.Mix.Prose:
		s = r.running(rng, limit)
	case p < stage.Mix.Prose+stage.Mix.Associations:
		s = r.associations(rng, limit)
	default:
		if s, err = r.task(rng, stage.Tasks, limit); err != nil {
			return nil, err
		}
	}
	s.even = true
	return s, nil
}

// scoredRunning is how many tokens of a sequence of running text are in the loss: the
// head over a large vocabulary costs as much as several layers.
const scoredRunning = 128

// running is a piece of the prose with the loss on some of its tokens, at random.
func (r *reader) running(rng *rand.Rand, limit int) *sequence {
	begin := r.vocab.Begin()
	n := min(limit-len(begin), len(r.texts))
	from := rng.IntN(len(r.texts) - n + 1)
	s := &sequence{limit: limit}
	s.add(unscored, begin...)
	s.add(unscored, r.texts[from:from+n]...)
	at := rng.Perm(len(s.tokens) - 1)
	for _, i := range at[:min(scoredRunning, len(at))] {
		s.kinds[i+1] = running
	}
	return s
}

// associations writes facts in one wording, as a user's message, and has them answered
// in another order, again and again: it teaches to match a key whatever surrounds it.
func (r *reader) associations(rng *rand.Rand, limit int) *sequence {
	chat := r.vocab.Chat()
	joint := joints[rng.IntN(len(joints))]
	draw := r.values(rng)
	t := &text{}
	t.WriteString(chat.Before)
	lines := limit / between(rng, 24, 96) // of about twelve tokens
	keys, values := make([]string, max(3, lines)), make([]string, max(3, lines))
	for i := range keys {
		for keys[i] == "" || slices.Contains(keys[:i], keys[i]) {
			keys[i] = r.key(rng)
		}
		values[i] = draw()
		t.WriteString(keys[i] + joint + values[i] + "\n")
	}
	t.WriteString(chat.After)
	for range limit / 8 { // more than there is room for
		i := rng.IntN(len(keys))
		t.WriteString(keys[i] + joint)
		t.score(values[i])
		t.WriteString("\n")
	}
	return r.encode(t, limit)
}

// joints stand between a key and its value.
var joints = []string{": ", " = ", " - ", " is ", " has ", " -> ", ", ", " is called ", " was given the number "}

// key is one or two words.
func (r *reader) key(rng *rand.Rand) string {
	word := func() string { return r.words[rng.IntN(len(r.words))] }
	switch rng.IntN(3) {
	case 0:
		return word()
	case 1:
		return word() + " " + word()
	}
	return word() + "-" + word()
}

// values returns a source of values of one kind: numbers of some digits, words, or
// uuids.
func (r *reader) values(rng *rand.Rand) func() string {
	switch p := rng.Float64(); {
	case p < 0.6:
		most := 1
		for range between(rng, 2, 8) {
			most *= 10
		}
		return func() string { return strconv.Itoa(most/10 + rng.IntN(most-most/10)) }
	case p < 0.8:
		return func() string { return r.key(rng) }
	}
	return func() string { return r.gen.RandomValue(rng, niah.UUID) }
}

// text is a text being written with values that are in the loss.
type text struct {
	strings.Builder
	scored [][2]int // bytes
}

// score writes a value that is in the loss.
func (t *text) score(value string) {
	t.scored = append(t.scored, [2]int{t.Len(), t.Len() + len(value)})
	t.WriteString(value)
}

// encode turns a text into tokens: those that reach into a value are in the loss.
func (r *reader) encode(t *text, limit int) *sequence {
	s := &sequence{limit: limit}
	s.add(unscored, r.vocab.Begin()...)
	ids, offsets := r.vocab.EncodeOffsets(t.String())
	scored, begun := t.scored, false
	for i, id := range ids {
		if len(s.tokens) >= limit {
			break
		}
		for len(scored) > 0 && offsets[i].Start >= scored[0][1] {
			scored, begun = scored[1:], false
		}
		switch {
		case len(scored) == 0 || offsets[i].End <= scored[0][0]:
			s.add(unscored, id)
		case begun:
			s.add(value, id)
		default:
			s.add(first, id)
			begun = true
		}
	}
	return s
}
