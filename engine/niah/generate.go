package niah

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"kvscope/engine/input"
	"kvscope/engine/lexicon"
	"kvscope/engine/tokenizer"
)

// MaxContext is the longest context Generate makes. It keeps the keys of a
// haystack of needles well below the number of distinct ones.
const MaxContext = 1 << 18

// Options say which example of a task to make.
type Options struct {
	Context int      // most tokens of prompt and answer together, BOS and EOS included
	Seed    uint64   // which example
	Depth   *float64 // place of the (first asked) needle, 0 start to 1 end; nil: drawn
	Text    string   // haystack of OwnTask; empty: invented
	Prose   string   // what tasks with prose hide needles in: Sentences or the name of a Book; empty: Sentences
}

// Generator makes examples. It is immutable and safe for concurrent use.
type Generator struct {
	tok               tokenizer.Tokenizer
	prose             *prose
	shortest          int // tokens of its shortest form
	noise             []string
	adjectives, nouns []string
	words             []string // all of the lexicon
	books             []*Book
}

// NewGenerator makes examples in the tokens of tok, whose needles may be hidden in books.
func NewGenerator(tok tokenizer.Tokenizer, books ...*Book) *Generator {
	words := lexicon.New()
	g := &Generator{
		tok: tok, books: books, prose: newProse(words), noise: NoiseSentences(), shortest: math.MaxInt,
		adjectives: words.Adjectives(), nouns: words.Nouns(), words: words.Words(),
	}
	for _, form := range g.prose.plain() {
		g.shortest = min(g.shortest, len(tok.Encode(form)))
	}
	return g
}

// WithKeys is g with keys of other words.
func (g *Generator) WithKeys(adjectives, nouns []string) *Generator {
	out := *g
	out.adjectives, out.nouns = adjectives, nouns
	return &out
}

// Generate makes one example of task. The same task, context, seed and depth give
// the same example on every platform; another depth with the rest unchanged only
// moves the asked needle. To make many, keep a Generator.
func Generate(task Task, tok tokenizer.Tokenizer, o Options) (*Example, error) {
	return NewGenerator(tok).Generate(task, o)
}

// item is a sentence of the haystack to be: plain, or a needle when it has a key.
type item struct {
	text       string
	key, value string
	query      int // which query asks for it; -1 for none
}

// Generate makes one example of task; see the function of that name.
func (g *Generator) Generate(task Task, o Options) (*Example, error) {
	if err := task.validate(); err != nil {
		return nil, fmt.Errorf("task %s: %w", task.ID, err)
	}
	if o.Depth != nil && !(*o.Depth >= 0 && *o.Depth <= 1) {
		return nil, input.Errorf("depth", "%v, want 0 to 1", *o.Depth)
	}
	if o.Context > MaxContext {
		return nil, input.Errorf("context", "%d, want at most %d", o.Context, MaxContext)
	}
	book, err := g.book(o.Prose)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(o.Seed, stream(task.ID, o.Context)))
	if task.Haystack == Own {
		return g.own(rng, o)
	}
	f := g.frame(task, rng)
	least := g.bare(f).size()
	if o.Context < least {
		return nil, &ShortError{Task: task.ID, Context: o.Context, Least: least}
	}
	// Sentences are measured one by one. Where a tokenizer makes more of them together,
	// less is tried.
	for room := o.Context - least; ; {
		filler := g.haystack(task, book, rng, f.seen).fill(g.tok, room)
		slots := draw(rng, len(f.needles), len(filler)+1)
		if o.Depth != nil {
			move(slots, int(math.Round(*o.Depth*float64(len(filler)))))
		}
		e := g.assemble(f, slots, filler)
		if over := e.size() - o.Context; over > 0 {
			room -= over
			continue
		}
		e.Seed, e.Context = o.Seed, o.Context
		return e, nil
	}
}

// ShortError says that the needles that were drawn do not fit a context.
type ShortError struct {
	Task           string
	Context, Least int // in tokens
}

// Error says how many tokens are needed.
func (e *ShortError) Error() string { return e.Unwrap().Error() }

// Unwrap is the error of the field context.
func (e *ShortError) Unwrap() error {
	return input.Errorf("context", "%d tokens, want at least %d for task %s", e.Context, e.Least, e.Task)
}

// MinContext is the least Options.Context that task fits in: its needles and no
// haystack around them. Keys of words differ in length where a word may be several
// tokens; it is that of one example then.
func (g *Generator) MinContext(task Task) (int, error) {
	if err := task.validate(); err != nil {
		return 0, fmt.Errorf("task %s: %w", task.ID, err)
	}
	return g.bare(g.frame(task, rand.New(rand.NewPCG(0, 0)))).size(), nil
}

// frame holds the needles and keys of a prompt, which do not depend on its haystack.
type frame struct {
	task    Task
	needles []item // the first asked one first
	keys    []string
	seen    map[string]bool // keys and values in use
}

// frame draws the needles that task asks for.
func (g *Generator) frame(task Task, rng *rand.Rand) *frame {
	f := &frame{task: task, seen: make(map[string]bool), keys: make([]string, task.Keys)}
	for k := range f.keys {
		f.keys[k] = fresh(f.seen, func() string { return g.RandomKey(rng, task.Key) })
		for range task.Values {
			n := g.needle(task, f.keys[k], f.seen, rng)
			if k < task.Queries {
				n.query = k
			}
			f.needles = append(f.needles, n)
		}
	}
	return f
}

// bare is the prompt of f without a haystack.
func (g *Generator) bare(f *frame) *Example { return g.assemble(f, make([]int, len(f.needles)), nil) }

// stream keeps the examples of two tasks or contexts with one seed apart.
func stream(task string, context int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", task, context)
	return h.Sum64()
}

// needle gives key a value that is not in seen.
func (g *Generator) needle(task Task, key string, seen map[string]bool, rng *rand.Rand) item {
	value := fresh(seen, func() string { return g.RandomValue(rng, task.Value) })
	return item{text: NeedleText(task.Value, key, value), key: key, value: value, query: -1}
}

// haystack is a source of sentences.
type haystack struct {
	next     func(i int) item // the i-th
	shortest int              // tokens that the shortest has, 0 where that is not known
	tries    int              // sentences that do not fit, until there is an end
}

// haystack returns the source of the text around the needles of task. Prose is that of book
// where there is one; keys and values in seen are in use.
func (g *Generator) haystack(task Task, book *Book, rng *rand.Rand, seen map[string]bool) haystack {
	switch {
	case task.Haystack == Noise:
		return haystack{func(i int) item { return item{text: g.noise[i%len(g.noise)], query: -1} }, 0, 1}
	case task.Haystack == Needles:
		return haystack{func(int) item {
			key := fresh(seen, func() string { return g.RandomKey(rng, task.Key) })
			return g.needle(task, key, seen, rng)
		}, 0, 1}
	case book != nil:
		return book.haystack(rng)
	}
	return haystack{func(int) item { return item{text: g.prose.sentence(rng), query: -1} }, g.shortest, 8}
}

// fill draws sentences until no other fits in budget tokens.
func (h haystack) fill(tok tokenizer.Tokenizer, budget int) []item {
	var filler []item
	for tries := 0; budget >= h.shortest && tries < h.tries; {
		it := h.next(len(filler))
		n := len(tok.Encode(it.text))
		if n > budget {
			tries++
			continue
		}
		filler = append(filler, it)
		budget -= n
	}
	return filler
}

// draw gives each of n needles one of the slots between sentences: distinct ones,
// as long as there are enough.
func draw(rng *rand.Rand, n, slots int) []int {
	drawn := make([]int, 0, n)
	for len(drawn) < n {
		s := rng.IntN(slots)
		if slots < n || !slices.Contains(drawn, s) {
			drawn = append(drawn, s)
		}
	}
	return drawn
}

// move puts the first needle into slot to; one that is there takes its place.
func move(slots []int, to int) {
	if i := slices.Index(slots, to); i > 0 {
		slots[i] = slots[0]
	}
	slots[0] = to
}

// assemble lays out a prompt, and its answer.
func (g *Generator) assemble(f *frame, slots []int, filler []item) *Example {
	d := newDraft(g.tok.Chat())
	kind, single := f.task.Value, f.task.single()
	d.text.WriteString(Opening(kind, single))
	first := true
	put := func(it item) {
		if !first {
			d.text.WriteByte(' ')
		}
		first = false
		if it.key != "" {
			d.plant(kind, it.key, it.value, it.query)
			return
		}
		d.text.WriteString(it.text)
	}
	for s := range len(filler) + 1 {
		for i, n := range f.needles {
			if slots[i] == s {
				put(n)
			}
		}
		if s < len(filler) {
			put(filler[s])
		}
	}
	keys := f.keys[:f.task.Queries]
	e, asked := d.ask(g.tok, Question(kind, single, keys), AnswerPrefix(kind, single, keys))
	e.Task = f.task
	// Of one key the latest value first: whoever reads a needle can know the one of
	// that key before it, and none that follows.
	var ordered []Needle
	for q := range keys {
		slices.Reverse(asked[q])
		ordered = append(ordered, asked[q]...)
	}
	e.answer(g.tok, ordered)
	return e
}
