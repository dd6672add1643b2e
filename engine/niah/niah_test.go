package niah

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

var update = flag.Bool("update", false, "rewrite the golden prompts in testdata")

func generate(t *testing.T, g *Generator, id string, o Options) *Example {
	t.Helper()
	task, err := ByID(id)
	if err != nil {
		t.Fatal(err)
	}
	e, err := g.Generate(task, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestGoldenPrompts(t *testing.T) {
	tok := tokenizer.NewDemo()
	g := NewGenerator(tok)
	for _, task := range Tasks() {
		e := generate(t, g, task.ID, Options{Context: 300, Seed: 7})
		got := e.Text + "\n---\n" + tok.Decode(e.Answer) + "\n"
		path := filepath.Join("testdata", task.ID+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s\n got %s\nwant %s", task.ID, got, want)
		}
	}
}

func TestNeedleIsSeventeenTokens(t *testing.T) {
	tok := tokenizer.NewDemo()
	for _, c := range []struct {
		kind       Kind
		key, value string
		want       int
	}{
		{Number, "brave-lantern", "1234567", 17},
		{UUID, "brave-lantern", "3f0a9c1e-5b7d-4e2f-8a6c-0d1e2f3a4b5c", 33},
		{UUID, "00000000-1111-4222-8333-444444444444", "3f0a9c1e-5b7d-4e2f-8a6c-0d1e2f3a4b5c", 50},
	} {
		if got := len(tok.Encode(NeedleText(c.kind, c.key, c.value))); got != c.want {
			t.Errorf("needle %s %s: %d tokens, want %d", c.key, c.value, got, c.want)
		}
	}
}

func TestExampleHoldsTogether(t *testing.T) {
	tok := tokenizer.NewDemo()
	g := NewGenerator(tok)
	value := map[Kind]*regexp.Regexp{
		Number: regexp.MustCompile(`^[1-9][0-9]{6}$`),
		UUID:   regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
	}
	key := map[Kind]*regexp.Regexp{Words: regexp.MustCompile(`^[a-z]+-[a-z]+$`), UUID: value[UUID]}
	for _, task := range Tasks() {
		for _, context := range []int{256, 1024, 5000} {
			for seed := range uint64(8) {
				e := generate(t, g, task.ID, Options{Context: context, Seed: seed})
				length := len(e.Tokens) + len(e.Answer)
				// The largest sentence of each haystack bounds what may stay empty.
				room := map[Haystack]int{Noise: 5, Prose: 17, Needles: 17}[task.Haystack]
				if task.Key == UUID {
					room = 50
				}
				if length > context || length <= context-room {
					t.Errorf("%s context %d seed %d: %d tokens", task.ID, context, seed, length)
				}
				if got := append([]int32{tok.BOS()}, tok.Encode(e.Text)...); !slices.Equal(got, e.Tokens) {
					t.Fatalf("%s seed %d: Tokens is not what Text encodes to", task.ID, seed)
				}
				if len(e.Offsets) != len(e.Tokens) || len(e.Gold) != len(e.Answer) {
					t.Fatalf("%s: %d tokens, %d offsets, %d answer tokens, %d gold positions",
						task.ID, len(e.Tokens), len(e.Offsets), len(e.Answer), len(e.Gold))
				}
				checkNeedles(t, tok, e)
				keys := map[string]int{}
				queried := 0
				for _, n := range e.Needles {
					keys[n.Key]++
					if !key[task.Key].MatchString(n.Key) || !value[task.Value].MatchString(n.Value) {
						t.Errorf("%s: needle %s: %s", task.ID, n.Key, n.Value)
					}
					if n.Queried {
						queried++
					}
				}
				if queried != task.Queries*task.Values || len(e.Expected) != queried {
					t.Errorf("%s: %d needles asked for, %d values expected", task.ID, queried, len(e.Expected))
				}
				if task.Haystack != Needles && len(keys) != task.Keys {
					t.Errorf("%s: %d keys, want %d", task.ID, len(keys), task.Keys)
				}
				for k, n := range keys {
					if n != task.Values {
						t.Errorf("%s: key %s has %d values, want %d", task.ID, k, n, task.Values)
					}
				}
			}
		}
	}
}

// checkNeedles holds the spans, the answer and the gold positions of e to its text.
func checkNeedles(t *testing.T, tok *tokenizer.Demo, e *Example) {
	t.Helper()
	text := func(s ops.Span) string { return e.Text[e.Offsets[s.Start].Start:e.Offsets[s.End-1].End] }
	for _, n := range e.Needles {
		if text(n.KeySpan) != n.Key || text(n.ValueSpan) != n.Value {
			t.Errorf("needle %s: %s: spans show %q: %q", n.Key, n.Value, text(n.KeySpan), text(n.ValueSpan))
		}
		if s := oneLine(text(n.Span)); !strings.HasPrefix(s, "One of the special magic ") || !strings.HasSuffix(s, n.Value+".") {
			t.Errorf("needle span shows %q", s)
		}
	}
	if q := text(e.QuestionSpan); !strings.HasPrefix(q, "What ") || e.QuestionSpan.End != len(e.Tokens) {
		t.Errorf("question span %v shows %q", e.QuestionSpan, q)
	}
	if len(e.Expected) == 0 {
		return
	}
	want := strings.Join(e.Expected, ", ") + "."
	if got := strings.TrimSpace(tok.Decode(e.Answer)); got != want {
		t.Errorf("answer %q, want %q", got, want)
	}
	if Score(e.Expected, tok.Decode(e.Answer)) != 1 {
		t.Errorf("the expected answer %q does not score 1", want)
	}
	var copied []string
	var run []int32
	for i, at := range e.Gold {
		if at < 0 {
			if len(run) > 0 {
				copied = append(copied, tok.Decode(run))
			}
			run = nil
			continue
		}
		if e.Tokens[at] != e.Answer[i] {
			t.Errorf("answer token %d is %q, its gold position holds %q", i, tok.Text(e.Answer[i]), tok.Text(e.Tokens[at]))
		}
		inside := slices.ContainsFunc(e.Needles, func(n Needle) bool {
			return n.Queried && n.ValueSpan.Start <= at && at < n.ValueSpan.End
		})
		if !inside {
			t.Errorf("gold position %d is in no asked value", at)
		}
		run = append(run, e.Tokens[at])
	}
	if !slices.Equal(copied, e.Expected) {
		t.Errorf("gold positions spell %q, want %q", copied, e.Expected)
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	tok := tokenizer.NewDemo()
	task, _ := ByID("MQ")
	a, err := Generate(task, tok, Options{Context: 512, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	b := generate(t, NewGenerator(tok), "MQ", Options{Context: 512, Seed: 3})
	if !reflect.DeepEqual(a, b) {
		t.Error("the same options gave two examples")
	}
	for _, o := range []Options{{Context: 512, Seed: 4}, {Context: 513, Seed: 3}} {
		if c := generate(t, NewGenerator(tok), "MQ", o); reflect.DeepEqual(a.Expected, c.Expected) {
			t.Errorf("%+v expects the values of another example", o)
		}
	}
}

func TestDepthMovesOnlyTheAskedNeedle(t *testing.T) {
	g := NewGenerator(tokenizer.NewDemo())
	for _, id := range []string{"S-1", "S-2", "MK-1", "MK-2", "MQ"} {
		var last int
		var sorted []string
		for i, depth := range []float64{0, 0.25, 0.5, 0.75, 1} {
			e := generate(t, g, id, Options{Context: 1024, Seed: 5, Depth: &depth})
			first := slices.IndexFunc(e.Needles, func(n Needle) bool { return n.Value == e.Expected[0] })
			at := e.Needles[first].Span.Start
			if i > 0 && at <= last {
				t.Errorf("%s: depth %v puts the needle at %d, not after %d", id, depth, at, last)
			}
			last = at
			sentences := strings.SplitAfter(e.Text, ".")
			for j := range sentences {
				sentences[j] = strings.TrimSpace(sentences[j])
			}
			slices.Sort(sentences)
			if i > 0 && !slices.Equal(sentences, sorted) {
				t.Errorf("%s: depth %v changes more than the order of sentences", id, depth)
			}
			sorted = sentences
			opening := len(g.tok.Encode(Opening(e.Task.Value, e.Task.single()))) + 1
			if depth == 0 && at != opening {
				t.Errorf("%s: depth 0 is position %d, want %d", id, at, opening)
			}
			if depth == 1 && e.Needles[first].Span.End != e.QuestionSpan.Start-1 {
				t.Errorf("%s: depth 1 ends at %d, the question starts at %d", id, e.Needles[first].Span.End, e.QuestionSpan.Start)
			}
		}
	}
}

func TestNeedlesLieAtDistinctDepths(t *testing.T) {
	g := NewGenerator(tokenizer.NewDemo())
	for seed := range uint64(50) {
		depth := 0.5
		e := generate(t, g, "MK-1", Options{Context: 512, Seed: seed, Depth: &depth})
		for i := 1; i < len(e.Needles); i++ {
			if e.Needles[i].Span.Start == e.Needles[i-1].Span.End {
				t.Errorf("seed %d: needles %d and %d touch", seed, i-1, i)
			}
		}
	}
}

func TestMinContext(t *testing.T) {
	g := NewGenerator(tokenizer.NewDemo())
	for _, task := range Tasks() {
		least, err := g.MinContext(task)
		if err != nil {
			t.Fatal(err)
		}
		e := generate(t, g, task.ID, Options{Context: least, Seed: 11})
		if n := len(e.Tokens) + len(e.Answer); n != least {
			t.Errorf("%s: %d tokens at the least context %d", task.ID, n, least)
		}
		_, err = g.Generate(task, Options{Context: least - 1, Seed: 11})
		if err == nil || !strings.Contains(err.Error(), "context") || !strings.Contains(err.Error(), task.ID) {
			t.Errorf("%s one token under the least: %v", task.ID, err)
		}
	}
}

func TestGenerateNamesTheWrongField(t *testing.T) {
	g := NewGenerator(tokenizer.NewDemo())
	s1 := Tasks()[0]
	deep := 1.5
	for _, c := range []struct {
		field  string
		change func(*Task, *Options)
	}{
		{"context", func(_ *Task, o *Options) { o.Context = MaxContext + 1 }},
		{"context", func(_ *Task, o *Options) { o.Context = -1 }},
		{"depth", func(_ *Task, o *Options) { o.Depth = &deep }},
		{"haystack", func(t *Task, _ *Options) { t.Haystack = "straw" }},
		{"key", func(t *Task, _ *Options) { t.Key = Number }},
		{"value", func(t *Task, _ *Options) { t.Value = Words }},
		{"keys", func(t *Task, _ *Options) { t.Keys = 0 }},
		{"values", func(t *Task, _ *Options) { t.Values = 0 }},
		{"queries", func(t *Task, _ *Options) { t.Queries = 2 }},
	} {
		task, o := s1, Options{Context: 256}
		c.change(&task, &o)
		_, err := g.Generate(task, o)
		if err == nil || input.Field(err) != c.field && !strings.Contains(err.Error(), c.field+" ") {
			t.Errorf("wrong %s: %v", c.field, err)
		}
	}
}

func TestByID(t *testing.T) {
	for _, name := range []string{"MK-2", "mk-2", "niah_multikey_2"} {
		if task, err := ByID(name); err != nil || task.ID != "MK-2" {
			t.Errorf("ByID(%q) = %v, %v", name, task, err)
		}
	}
	_, err := ByID("MK-4")
	if err == nil || !strings.Contains(err.Error(), "S-1, S-2, S-3, MK-1, MK-2, MK-3, MV, MQ") {
		t.Errorf("ByID of no task: %v", err)
	}
}

func TestProseIsPlain(t *testing.T) {
	tok := tokenizer.NewDemo()
	g := NewGenerator(tok)
	rng := newRand(1)
	word := make(map[int32]bool)
	for _, id := range tok.WordIDs() {
		word[id] = true
	}
	lengths := map[int]bool{}
	article := regexp.MustCompile(`\b[Aa] [aeiou]|\b[Aa]n [^aeiou]`)
	for range 20_000 {
		ids := tok.Encode(g.Sentence(rng))
		if len(ids) < 8 || len(ids) > 16 {
			t.Fatalf("%d tokens: %s", len(ids), tok.Decode(ids))
		}
		lengths[len(ids)] = true
		for i, id := range ids {
			if s := tok.Text(id); !word[id] && s != "." && s != "," && !(s == "<cap>" && i == 0) {
				t.Fatalf("token %q in %s", s, tok.Decode(ids))
			}
		}
		if s := tok.Decode(ids); article.MatchString(s) || !strings.HasSuffix(s, ".") {
			t.Fatalf("not a sentence: %s", s)
		}
	}
	if len(lengths) < 6 {
		t.Errorf("only %d lengths of sentence", len(lengths))
	}
}

func BenchmarkGenerate(b *testing.B) {
	g := NewGenerator(tokenizer.NewDemo())
	for _, task := range Tasks() {
		b.Run(task.ID, func(b *testing.B) {
			tokens, seed := 0, uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				e, err := g.Generate(task, Options{Context: 1024, Seed: seed})
				if err != nil {
					b.Fatal(err)
				}
				tokens += len(e.Tokens)
				seed++
			}
			b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// TestLatestValueFirst: the values of one key are answered from the last to the first.
func TestLatestValueFirst(t *testing.T) {
	g := NewGenerator(tokenizer.NewDemo())
	for seed := range uint64(8) {
		e := generate(t, g, "MV", Options{Context: 512, Seed: seed})
		var asked []string
		for _, n := range e.Needles {
			asked = append(asked, n.Value)
		}
		slices.Reverse(asked)
		if !slices.Equal(e.Expected, asked) {
			t.Errorf("seed %d: expected %v, the needles hold %v from the last on", seed, e.Expected, asked)
		}
	}
}
