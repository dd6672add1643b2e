package niah

import (
	"slices"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/tokenizer"
)

// TestCompleteIsTheTextItself: blanks at its ends count, and nothing is expected.
func TestCompleteIsTheTextItself(t *testing.T) {
	tok := tokenizer.NewDemo()
	const text = "  The garden was \n"
	e, err := Complete(tok, text)
	if err != nil {
		t.Fatal(err)
	}
	if want := append(slices.Clone(tok.Begin()), tok.Encode(text)...); !slices.Equal(e.Tokens, want) || e.Text != text {
		t.Errorf("tokens %v of %q, want %v", e.Tokens, e.Text, want)
	}
	if len(e.Answer)+len(e.Gold)+len(e.Expected)+len(e.Needles) != 0 || e.Question != "" {
		t.Errorf("something is expected: %+v", e)
	}
	for _, bad := range []string{"", " \n", "\xff"} {
		if _, err := Complete(tok, bad); input.Field(err) != "prompt" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestCutIsCounted: of an own text that does not fit it is said how much there is and how
// much of it the prompt holds.
func TestCutIsCounted(t *testing.T) {
	tok := tokenizer.NewDemo()
	text := ""
	for range 100 {
		text += "The grass is green. The sky is blue. "
	}
	whole, err := Custom(tok, text, "key", "1234567", 0.5, 4000)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Cut != nil {
		t.Errorf("a text that fits is cut: %+v", whole.Cut)
	}
	cut, err := Custom(tok, text, "key", "1234567", 0.5, 300)
	if err != nil {
		t.Fatal(err)
	}
	rest := len(whole.Tokens) - len(cut.Tokens)
	if c := cut.Cut; c == nil || c.Tokens-c.Kept != rest || c.Kept < 150 || c.Tokens < 900 {
		t.Errorf("cut %+v, the prompt is %d tokens shorter", c, rest)
	}
}
