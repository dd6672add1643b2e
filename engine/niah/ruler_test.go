package niah

import (
	"reflect"
	"strings"
	"testing"
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
	if p := got[0].Prompt(); p != "Some text The answer is" {
		t.Errorf("prompt %q", p)
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
			if e.Prompt() == "" || len(e.Outputs) == 0 {
				t.Fatalf("accepted %+v", e)
			}
		}
	})
}
