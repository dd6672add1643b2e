package niah

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/tokenizer"
)

// TestAskOneKey: the question for one key follows the same text, token for token, and expects
// the values of that key, each token of which stands where it is copied from.
func TestAskOneKey(t *testing.T) {
	tok := tokenizer.NewDemo()
	g := NewGenerator(tok)
	for task, form := range map[string]string{"MQ": "What are all", "MV": "What are all", "MK-1": "What is", "MK-2": "What is", "S-1": "What is", "S-3": "What is"} {
		e := generate(t, g, task, Options{Context: 300, Seed: 5})
		keys := Keys(e.Text)
		if asked := e.Asked(); task == "MQ" && (len(asked) != 4 || !slices.Equal(asked, keys)) || task == "MK-1" && (len(asked) != 1 || len(keys) != 4) {
			t.Errorf("%s asks for %v of %v", task, asked, keys)
		}
		for _, key := range keys[:min(len(keys), 5)] {
			one, err := e.Ask(tok, key)
			if err != nil {
				t.Fatal(err)
			}
			at := e.QuestionSpan.Start
			if !slices.Equal(one.Tokens[:at], e.Tokens[:at]) || one.QuestionSpan.Start != at || one.QuestionSpan.End != len(one.Tokens) {
				t.Errorf("%s, %s: the text before the question is another", task, key)
			}
			if !strings.HasPrefix(one.Question, form) || !strings.Contains(one.Question, " for "+key+" mentioned") || !slices.Equal(one.Asked(), []string{key}) {
				t.Errorf("%s, %s: asks %q", task, key, one.Question)
			}
			var values []string
			for _, n := range e.Needles {
				if n.Key == key {
					values = append(values, n.Value)
				}
			}
			slices.Reverse(values)
			if !slices.Equal(one.Expected, values) || len(values) == 0 || len(one.Gold) != len(one.Answer) {
				t.Errorf("%s, %s: expects %v, want %v", task, key, one.Expected, values)
			}
			for i, gold := range one.Gold {
				if gold >= 0 && one.Tokens[gold] != one.Answer[i] {
					t.Errorf("%s, %s: answer token %d is no copy of position %d", task, key, i, gold)
				}
			}
			if slices.Equal(e.Asked(), []string{key}) {
				if got, want := *one, *e; !reflect.DeepEqual(got, want) {
					t.Errorf("%s: asked for its own key it is %+v, want %+v", task, got, want)
				}
			}
		}
		if _, err := e.Ask(tok, "no-such"); err == nil || !strings.Contains(err.Error(), `"no-such", the text has no needle for it, but for `+keys[0]) {
			t.Errorf("%s: a key that is not there: %v", task, err)
		}
	}
}
