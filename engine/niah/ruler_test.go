package niah

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/tokenizer"
)

func TestReadRULER(t *testing.T) {
	in := `{"index": 3, "input": "Some text", "outputs": ["12", "34"], "length": 9, "answer_prefix": " The answer is"}

{"input": "Older text", "outputs": ["56"]}
`
	got, err := ReadRULER(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []RULERExample{
		{Index: 3, Input: "Some text", AnswerPrefix: " The answer is", Outputs: []string{"12", "34"}},
		{Input: "Older text", Outputs: []string{"56"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadRULERNamesTheLine(t *testing.T) {
	good := `{"input": "x", "outputs": ["1"]}` + "\n"
	for _, c := range []struct{ name, in, want string }{
		{"not JSON", good + "oops\n", "line 2"},
		{"no input", good + good + `{"outputs": ["1"]}`, "line 3: field input"},
		{"no outputs", `{"input": "x"}`, "line 1: field outputs"},
		{"outputs of numbers", `{"input": "x", "outputs": [1]}`, "line 1"},
		{"cut short", good + `{"input": "x", "out`, "line 2"},
		{"nothing", "\n\n", "no examples"},
		{"a long line", good + strings.Repeat("x", maxRULERLine+1), "line 2: longer than"},
		{"many lines", strings.Repeat(good, maxRULERLines+1), "line 100001: more than 100000"},
	} {
		_, err := ReadRULER(strings.NewReader(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadRULER(f *testing.F) {
	f.Add(`{"index": 3, "input": "a", "outputs": ["1"], "answer_prefix": "b"}` + "\n{}")
	f.Fuzz(func(t *testing.T, in string) {
		examples, err := ReadRULER(strings.NewReader(in))
		if (err == nil) != (len(examples) > 0) {
			t.Fatalf("%d examples and error %v", len(examples), err)
		}
		for _, e := range examples {
			if e.Input+e.AnswerPrefix == "" || len(e.Outputs) == 0 {
				t.Fatalf("accepted %+v", e)
			}
		}
	})
}

// TestFromRULER: the prompt is the file's to the letter, and what is expected comes from
// the needles that hold it.
func TestFromRULER(t *testing.T) {
	file, err := os.ReadFile("testdata/own/validation.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if !IsRULER(string(file)) {
		t.Fatal("a file of RULER's is not known as one")
	}
	examples, err := ReadRULER(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	tok := tokenizer.NewDemo()
	e, err := FromRULER(tok, examples[0])
	if err != nil {
		t.Fatal(err)
	}
	if e.Text != examples[0].Input+examples[0].AnswerPrefix || tok.Decode(e.Tokens) != e.Text {
		t.Errorf("the prompt is not the file's: %q", e.Text)
	}
	if !slices.Equal(e.Expected, []string{"1234567"}) || strings.TrimSpace(tok.Decode(e.Answer)) != "1234567." {
		t.Errorf("expects %q, %q", e.Expected, tok.Decode(e.Answer))
	}
	if !strings.HasPrefix(e.Question, "What is the special magic number for brave-lantern") {
		t.Errorf("asks %q", e.Question)
	}
	if len(e.Needles) != 1 || !e.Needles[0].Queried || e.Needles[0].Key != "brave-lantern" {
		t.Fatalf("needles %+v", e.Needles)
	}
	value := e.Needles[0].ValueSpan
	for i, at := range e.Gold {
		if at >= 0 && (at < value.Start || at >= value.End || e.Tokens[at] != e.Answer[i]) {
			t.Errorf("token %d of the answer comes from %d, want within %v", i, at, value)
		}
	}
	if !slices.ContainsFunc(e.Gold, func(at int) bool { return at >= 0 }) {
		t.Error("no token of the answer comes from the needle")
	}

	// Outputs that no needle holds are expected all the same, from nowhere.
	e, err = FromRULER(tok, RULERExample{Input: "VAR X1 = 12345. VAR X2 = X1.\nWhich variables are 12345?\n", AnswerPrefix: "They are:", Outputs: []string{"X1", "X2"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Decode(e.Answer); strings.TrimSpace(got) != "X1, X2." || !slices.Equal(e.Expected, []string{"X1", "X2"}) || e.Question != "Which variables are 12345?" {
		t.Errorf("answer %q, expected %q, question %q", got, e.Expected, e.Question)
	}
	if slices.ContainsFunc(e.Gold, func(at int) bool { return at != -1 }) {
		t.Errorf("gold %v", e.Gold)
	}
	if len(e.Gold) != len(e.Answer) {
		t.Errorf("%d of %d tokens have a source", len(e.Gold), len(e.Answer))
	}

	for _, text := range []string{"", "{", `{"input": "x"}`, "[1]", "The text {", `{"text": 1, "outputs": []}`} {
		if IsRULER(text) {
			t.Errorf("%q is taken for RULER's", text)
		}
	}
	if !IsRULER("\ufeff \n" + `{"outputs": ["1"], "input": "x"}` + "\nwhatever") {
		t.Error("a mark of the byte order hides a file of RULER's")
	}
}

// TestScoreRULER: the scores of RULER's string_match_all and string_match_part, worked out by
// hand from its definitions.
func TestScoreRULER(t *testing.T) {
	const documents = "Answer the question based on the given documents. Only give me the answer and do not output any other words.\n\nDocument 1: ...\n\nQuestion: Where?"
	for _, c := range []struct {
		input   string
		outputs []string
		answer  string
		want    float64
		most    int
	}{
		{"Some special magic numbers are hidden within the following text.", []string{"12", "34", "56", "78"}, "The numbers are 12, 34 and also 78!\nGood luck.", 0.75, 128},
		{"Some special magic words are hidden within the following text.", []string{"Sunny-Day"}, "it was sunny-day", 1, 128},
		{"A text of one's own", []string{"12"}, " 3124", 1, 128}, // anywhere, also within another number
		{"A text of one's own", []string{"12"}, "", 0, 128},
		{"A text of one's own", []string{"12", "12"}, "12", 1, 128},
		{"Memorize and track the chain(s) of variable assignment hidden in the following text.", []string{"AB", "CD"}, "ab", 0.5, 30},
		{"Below is a numbered list of words.", []string{"one", "two"}, "TWO", 0.5, 120},
		{"Read the following coded text and track the frequency of each coded word.", []string{"x", "y", "z"}, "x", 1.0 / 3, 50},
		{documents, []string{"Paris", "the city of Paris"}, "in PARIS", 1, 32},
		{documents, []string{"Paris", "Rome"}, "London", 0, 32},
	} {
		e, err := FromRULER(tokenizer.NewDemo(), RULERExample{Input: c.input, Outputs: c.outputs})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Score(c.answer); got != c.want || e.Most != c.most {
			t.Errorf("%q: %q of %q scores %g of %d tokens, want %g of %d", c.input, c.answer, c.outputs, got, e.Most, c.want, c.most)
		}
	}
}

// FuzzFromRULER: whatever a line holds, it is a prompt of its own text or an error.
func FuzzFromRULER(f *testing.F) {
	file, err := os.ReadFile("testdata/own/validation.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(file))
	f.Add(`{"input": "a\n", "outputs": ["", ",", "a"], "answer_prefix": " "}`)
	tok := tokenizer.NewDemo()
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 1<<16 {
			return
		}
		examples, err := ReadRULER(strings.NewReader(line))
		if err != nil {
			return
		}
		for _, r := range examples {
			e, err := FromRULER(tok, r)
			if err != nil {
				continue
			}
			if e.Text != r.Input+r.AnswerPrefix || len(e.Gold) != len(e.Answer) || len(e.Expected) != len(r.Outputs) {
				t.Fatalf("%q: %d of %d tokens of the answer, expects %q", e.Text, len(e.Gold), len(e.Answer), e.Expected)
			}
			for _, at := range e.Gold {
				if at < -1 || at >= len(e.Tokens) {
					t.Fatalf("gold %v of %d tokens", e.Gold, len(e.Tokens))
				}
			}
		}
	})
}
