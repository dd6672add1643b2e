package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/lexicon"
	"kvscope/engine/tokenizer"
)

func newTestReader(t *testing.T) *reader {
	t.Helper()
	r, err := newReader(tokenizer.NewDemo(), []string{tale()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReaderLessons: what is asked can be known, and something is asked in every
// sequence.
func TestReaderLessons(t *testing.T) {
	r := newTestReader(t)
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := r.associations(rng, 257)
		asked := 0
		for i, k := range s.kinds {
			if k == first || k == value {
				asked++
				if !appears(s.tokens[:i], s.tokens[i]) {
					t.Fatalf("seed %d: token %d (%s) is asked for and stands nowhere before", seed, i, r.vocab.Text(s.tokens[i]))
				}
			}
		}
		if asked == 0 || len(s.tokens) > 257 {
			t.Errorf("seed %d: %d tokens, %d asked for", seed, len(s.tokens), asked)
		}
		s = r.running(rng, 200)
		scored := 0
		for i, k := range s.kinds {
			if k == running {
				scored++
			}
			if i == 0 && k != unscored {
				t.Error("the first token has nothing before it to be told from")
			}
		}
		if scored != scoredRunning || len(s.tokens) != 200 {
			t.Errorf("%d tokens, %d of them scored", len(s.tokens), scored)
		}
	}
}

// TestValuesAreMarked: the tokens in the loss are those of the values, and each value
// begins with a first one.
func TestValuesAreMarked(t *testing.T) {
	r, txt := newTestReader(t), &text{}
	txt.WriteString("the cat is: ")
	txt.score("1234567")
	txt.WriteString(", and the dog is: ")
	txt.score("89")
	txt.WriteString(".")
	s := r.encode(txt, 200)
	var values []string
	for i, k := range s.kinds {
		switch k {
		case first:
			values = append(values, r.vocab.Text(s.tokens[i]))
		case value:
			values[len(values)-1] += r.vocab.Text(s.tokens[i])
		}
	}
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	if want := []string{"1234567", "89"}; !slices.Equal(values, want) {
		t.Errorf("values in the loss %q, want %q", values, want)
	}
}

// TestKeysAreNotThoseMeasured: no key that is trained on has a word of those that tasks
// draw keys from.
func TestKeysAreNotThoseMeasured(t *testing.T) {
	r := newTestReader(t)
	measured := map[string]bool{}
	for _, w := range lexicon.New().Words() {
		measured[w] = true
	}
	known := keyWords("anger lantern lantern anger " + strings.Repeat(lexicon.New().Nouns()[0]+" ", 3))
	if slices.Contains(known, lexicon.New().Nouns()[0]) {
		t.Errorf("words for keys: %q", known)
	}
	for seed := range uint64(40) {
		key := r.gen.RandomKey(rand.New(rand.NewPCG(seed, 2)), "words")
		for _, w := range strings.Split(key, "-") {
			if measured[w] || !slices.Contains(r.words, w) {
				t.Errorf("key %q", key)
			}
		}
	}
	if _, err := newReader(tokenizer.NewDemo(), []string{"Too short a tale. Too short."}); input.Field(err) != "prose" {
		t.Errorf("a short text: %v", err)
	}
}

// TestSequencesCountAlike: whatever a sequence asks for, its weights in a batch add up to
// the same.
func TestSequencesCountAlike(t *testing.T) {
	r := newTestReader(t)
	stage := &Stage{Contexts: []int{256}, Batch: 8 * 256, Mix: Mix{Prose: 0.3, Associations: 0.3, Tasks: 0.4}, Tasks: []string{"S-2", "MV"}}
	b, _, err := draw(r, rand.New(rand.NewPCG(2, 2)), stage)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Seqs {
		var sum float64
		for _, w := range b.sequences(i, i+1).Weights {
			sum += float64(w)
		}
		if math.Abs(sum-1./8) > 1e-5 {
			t.Errorf("sequence %d has %.5f of the loss, want an eighth", i, sum)
		}
	}
}

// TestShortContexts: where the words of a task's keys make it too long for a context,
// others are drawn.
func TestShortContexts(t *testing.T) {
	r, err := newReader(tokenizer.NewDemo(), []string{tale(), strings.ReplaceAll(tale(), "e ", "eeeee ")}) // a few words are longer
	if err != nil {
		t.Fatal(err)
	}
	least, err := r.least("MQ")
	if err != nil {
		t.Fatal(err)
	}
	short := 0
	for seed := range uint64(40) {
		if _, err := r.example("MQ", seed, least); err != nil {
			short++
		}
		s, err := r.task(rand.New(rand.NewPCG(seed, 1)), []string{"MQ"}, least)
		if err != nil || len(s.tokens) == 0 {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if short == 0 {
		t.Error("every example fits: the test tries nothing")
	}
}
