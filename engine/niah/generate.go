package niah

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"kvscope/engine/ops"
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
}

// Generator makes examples. It is immutable and safe for concurrent use.
type Generator struct {
	tok               *tokenizer.Tokenizer
	prose             *prose
	noise             [][]int32
	adjectives, nouns []string
	words             []string         // all that the vocabulary knows
	heads             map[Kind][]int32 // a needle before its key
	middle            []int32          // between key and value
	stop              int32
}

// NewGenerator prepares the haystacks in the tokens of tok.
func NewGenerator(tok *tokenizer.Tokenizer) *Generator {
	g := &Generator{
		tok: tok, prose: newProse(tok),
		adjectives: tok.Adjectives(), nouns: tok.Nouns(),
		middle: tok.Encode("is:"), stop: tok.Encode(".")[0],
		heads: map[Kind][]int32{
			Number: tok.Encode(needleHead(Number)),
			UUID:   tok.Encode(needleHead(UUID)),
		},
	}
	for _, id := range tok.WordIDs() {
		g.words = append(g.words, tok.Text(id))
	}
	ids := tok.Encode(noiseSentences)
	for len(ids) > 0 {
		n := slices.Index(ids, g.stop) + 1
		g.noise = append(g.noise, ids[:n])
		ids = ids[n:]
	}
	return g
}

// Generate makes one example of task. The same task, context, seed and depth give
// the same example on every platform; another depth with the rest unchanged only
// moves the asked needle. To make many, keep a Generator.
func Generate(task Task, tok *tokenizer.Tokenizer, o Options) (*Example, error) {
	return NewGenerator(tok).Generate(task, o)
}

// item is a sentence of the haystack to be: plain, or a needle when head > 0.
type item struct {
	ids              []int32
	key, value       string
	head, keyLen     int // tokens before the key, tokens of the key
	valueAt, valueTo int
	query            int // which query asks for it; -1 for none
}

// Generate makes one example of task; see the function of that name.
func (g *Generator) Generate(task Task, o Options) (*Example, error) {
	if err := task.validate(); err != nil {
		return nil, fmt.Errorf("task %s: %w", task.ID, err)
	}
	if o.Depth != nil && !(*o.Depth >= 0 && *o.Depth <= 1) {
		return nil, fmt.Errorf("depth %v: allowed are 0 to 1", *o.Depth)
	}
	if o.Context > MaxContext {
		return nil, fmt.Errorf("context %d: at most %d", o.Context, MaxContext)
	}
	rng := rand.New(rand.NewPCG(o.Seed, stream(task.ID, o.Context)))
	if task.Haystack == Own {
		return g.own(rng, o)
	}
	f := g.frame(task, rng)
	if o.Context < f.least {
		return nil, fmt.Errorf("context %d: task %s needs at least %d tokens", o.Context, task.ID, f.least)
	}
	filler := g.fill(task, rng, f.seen, o.Context-f.least)
	slots := draw(rng, len(f.needles), len(filler)+1)
	if o.Depth != nil {
		move(slots, int(math.Round(*o.Depth*float64(len(filler)))))
	}
	e := &Example{Task: task, Seed: o.Seed, Context: o.Context}
	g.assemble(e, f, slots, filler)
	return e, nil
}

// MinContext is the least Options.Context that task fits in: its needles and no
// haystack around them.
func (g *Generator) MinContext(task Task) (int, error) {
	if err := task.validate(); err != nil {
		return 0, fmt.Errorf("task %s: %w", task.ID, err)
	}
	// The keys and values of a task are of one length, whichever are drawn.
	return g.frame(task, rand.New(rand.NewPCG(0, 0))).least, nil
}

// frame is what a prompt holds whatever its haystack.
type frame struct {
	opening, question []int32
	needles           []item // the first asked one first
	queries           int
	seen              map[string]bool // keys and values in use
	least             int             // tokens of the prompt without a haystack, and the answer
}

// frame draws the needles that task asks for and words the question.
func (g *Generator) frame(task Task, rng *rand.Rand) *frame {
	f := &frame{seen: make(map[string]bool), queries: task.Queries}
	keys := make([]string, task.Keys)
	for k := range keys {
		keys[k] = fresh(f.seen, func() string { return g.RandomKey(rng, task.Key) })
		for range task.Values {
			n := g.needle(task.Value, keys[k], fresh(f.seen, func() string { return g.RandomValue(rng, task.Value) }))
			if k < task.Queries {
				n.query = k
				f.least += n.valueTo - n.valueAt + 1 // in the answer, with a comma or stop
			}
			f.needles = append(f.needles, n)
			f.least += len(n.ids)
		}
	}
	f.opening = g.tok.Encode(Opening(task.Value, task.single()))
	f.question = g.tok.Encode(Question(task.Value, task.single(), keys[:task.Queries]))
	f.least += len(f.opening) + len(f.question) + 2 // BOS and EOS
	return f
}

// stream keeps the examples of two tasks or contexts with one seed apart.
func stream(task string, context int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", task, context)
	return h.Sum64()
}

func (g *Generator) needle(kind Kind, key, value string) item {
	n := item{key: key, value: value, query: -1, head: len(g.heads[kind])}
	keyIDs, valueIDs := g.tok.Encode(key), g.tok.Encode(value)
	n.keyLen = len(keyIDs)
	n.valueAt = n.head + n.keyLen + len(g.middle)
	n.valueTo = n.valueAt + len(valueIDs)
	n.ids = make([]int32, 0, n.valueTo+1)
	n.ids = append(n.ids, g.heads[kind]...)
	n.ids = append(n.ids, keyIDs...)
	n.ids = append(n.ids, g.middle...)
	n.ids = append(n.ids, valueIDs...)
	n.ids = append(n.ids, g.stop)
	return n
}

// fill draws sentences of the haystack until no other fits in budget tokens.
func (g *Generator) fill(task Task, rng *rand.Rand, seen map[string]bool, budget int) []item {
	var filler []item
	switch task.Haystack {
	case Noise:
		for i := 0; ; i++ {
			s := g.noise[i%len(g.noise)]
			if len(s) > budget {
				return filler
			}
			filler = append(filler, item{ids: s, query: -1})
			budget -= len(s)
		}
	case Needles:
		for {
			key := fresh(seen, func() string { return g.RandomKey(rng, task.Key) })
			n := g.needle(task.Value, key, fresh(seen, func() string { return g.RandomValue(rng, task.Value) }))
			if len(n.ids) > budget {
				return filler
			}
			filler = append(filler, n)
			budget -= len(n.ids)
		}
	}
	ids := make([]int32, 0, budget+32)
	for tries := 0; budget >= g.prose.shortest && tries < 8; {
		start := len(ids)
		ids = g.prose.appendSentence(ids, rng)
		n := len(ids) - start
		if n > budget {
			ids = ids[:start]
			tries++
			continue
		}
		filler = append(filler, item{ids: ids[start:len(ids):len(ids)], query: -1})
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

// assemble lays out the prompt of e, and its answer.
func (g *Generator) assemble(e *Example, f *frame, slots []int, filler []item) {
	asked := make([][]Needle, f.queries)
	e.Tokens = make([]int32, 0, e.Context)
	put := func(it item) {
		at := len(e.Tokens)
		e.Tokens = append(e.Tokens, it.ids...)
		if it.head == 0 {
			return
		}
		n := Needle{
			Key: it.key, Value: it.value, Queried: it.query >= 0,
			Span:      ops.Span{Start: at, End: len(e.Tokens)},
			KeySpan:   ops.Span{Start: at + it.head, End: at + it.head + it.keyLen},
			ValueSpan: ops.Span{Start: at + it.valueAt, End: at + it.valueTo},
		}
		e.Needles = append(e.Needles, n)
		if n.Queried {
			asked[it.query] = append(asked[it.query], n)
		}
	}

	e.Tokens = append(e.Tokens, g.tok.BOS())
	e.Tokens = append(e.Tokens, f.opening...)
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
	// The line break ends the haystack, the question starts after it.
	e.QuestionSpan = ops.Span{Start: len(e.Tokens) + 1, End: len(e.Tokens) + len(f.question)}
	e.Tokens = append(e.Tokens, f.question...)
	e.Text, e.Offsets = g.tok.DecodeOffsets(e.Tokens)
	// Of one key the latest value first: whoever reads a needle can know the one of
	// that key before it, and none that follows.
	for _, needles := range asked {
		slices.Reverse(needles)
	}
	e.answer(g.tok, slices.Concat(asked...))
}
