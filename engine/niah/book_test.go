package niah

import (
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/tokenizer"
)

const tale = "\"TOM!\"\n" +
	"Mrs. Harper sat  by the window. Mr. Dobbins and Dr. Robinson had gone out! \"Well,\" she said. Nobody came.\n\n" +
	"The end of St. Louis."

func TestBookIsParted(t *testing.T) {
	b, err := NewBook("tale", tale)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"\"TOM!\"", "Mrs. Harper sat by the window.", "Mr. Dobbins and Dr. Robinson had gone out!",
		"\"Well,\" she said.", "Nobody came.", "The end of St. Louis.",
	}
	if !slices.Equal(b.sentences, want) {
		t.Errorf("got  %q\nwant %q", b.sentences, want)
	}
	for _, bad := range [][2]string{{"", tale}, {Sentences, tale}, {"empty", " \n\n"}} {
		if _, err := NewBook(bad[0], bad[1]); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestNeedlesInABook: tasks with prose have the sentences of the book in their order,
// with the needles between them, and other tasks do not change.
func TestNeedlesInABook(t *testing.T) {
	b, err := NewBook("tale", tale)
	if err != nil {
		t.Fatal(err)
	}
	g := NewGenerator(tokenizer.NewDemo(), b)
	starts := map[string]bool{}
	for _, task := range Tasks() {
		for seed := range uint64(8) {
			e := generate(t, g, task.ID, Options{Context: 700, Seed: seed, Prose: "tale"})
			plain := generate(t, g, task.ID, Options{Context: 700, Seed: seed})
			if task.Haystack != Prose {
				if e.Text != plain.Text {
					t.Errorf("%s seed %d: a book changes a task without prose", task.ID, seed)
				}
				continue
			}
			if e.size() > 700 || e.size() < 700-40 {
				t.Errorf("%s seed %d: %d tokens of 700", task.ID, seed, e.size())
			}
			rest := e.Text[strings.Index(e.Text, "\n")+1 : strings.LastIndex(e.Text, "\n")]
			for _, n := range e.Needles {
				sentence := NeedleText(task.Value, n.Key, n.Value)
				if got := e.Text[e.Offsets[n.Span.Start].Start:e.Offsets[n.Span.End-1].End]; strings.TrimSpace(got) != sentence {
					t.Errorf("%s seed %d: needle at %q, want %q", task.ID, seed, got, sentence)
				}
				rest = strings.Replace(rest, sentence, "", 1)
			}
			rest = oneLine(rest)
			again := strings.Join(b.sentences, " ")
			if !strings.Contains(strings.Repeat(again+" ", 40), rest) {
				t.Errorf("%s seed %d: the haystack is not the book: %s", task.ID, seed, rest)
			}
			starts[rest[:8]] = true
		}
	}
	if len(starts) < 2 {
		t.Errorf("every example begins at %v", starts)
	}
	task, _ := ByID("S-2")
	if _, err := g.Generate(task, Options{Context: 700, Prose: "diary"}); input.Field(err) != "prose" || !strings.Contains(err.Error(), "sentences, tale") {
		t.Errorf("an unknown book: %v", err)
	}
}
