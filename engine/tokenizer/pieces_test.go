package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestPieces(t *testing.T) {
	demo := NewDemo()
	for text, want := range map[string][]string{
		"The grass, a 7f3.": nil,
		"naïve 你好 \n\ttabs": nil,
		"the grass is":      {"the", " grass", " is"},
	} {
		got := Pieces(demo, demo.Encode(text))
		if strings.Join(got, "") != text || want != nil && !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct{ parts, want []string }{
		{[]string{"a", "\xe4", "\xbd", "\xa0", "b"}, []string{"a", "", "", "你", "b"}},
		{[]string{"x\xe4\xbd", "\xa0 y"}, []string{"", "x你 y"}},
		{[]string{"\xff", "a"}, []string{"\xff", "a"}},
		{[]string{"a", "\xe4\xbd"}, []string{"a", "\xe4\xbd"}},
		{nil, []string{}},
	} {
		if got := Whole(c.parts); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.parts, got, c.want)
		}
	}
}
