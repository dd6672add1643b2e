package store

import (
	"errors"
	"strings"
	"testing"

	"kvscope/web/api"
)

// TestTexts: a text is found by its name as it was; the bound is kept by letting those go
// that were used longest ago, and never the one just kept.
func TestTexts(t *testing.T) {
	s := open(t, "")
	tick := int64(0)
	keep := func(text string, most int) {
		t.Helper()
		if err := s.KeepText(t.Context(), text, most); err != nil {
			t.Fatal(err)
		}
		tick++ // times of milliseconds may be equal
		if _, err := s.db.Exec("UPDATE text SET used = ? WHERE name = ?", tick, api.TextName(text)); err != nil {
			t.Fatal(err)
		}
	}
	has := func(text string) bool {
		t.Helper()
		got, err := s.Text(t.Context(), api.TextName(text))
		if err != nil && !errors.Is(err, ErrNoText) {
			t.Fatal(err)
		}
		return got == text
	}
	a, b, c := "first \x00 é\n", strings.Repeat("b", 40), strings.Repeat("c", 50)
	keep(a, 100)
	keep(b, 100)
	if !has(a) || !has(b) || has(c) {
		t.Fatal("what was kept is not what is found")
	}
	tick += 1 << 50
	keep(a, 100) // used again
	keep(c, 100)
	if !has(a) || has(b) || !has(c) {
		t.Errorf("kept: first %v, second %v, third %v; the second was used longest ago", has(a), has(b), has(c))
	}
	if keep(b, 10); !has(b) || has(a) || has(c) {
		t.Error("the text just kept made room for others")
	}
	if _, err := s.db.Exec("UPDATE text SET content = 'forged'"); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepText(t.Context(), b, 100); !errors.Is(err, errOtherText) {
		t.Errorf("a name that another text has: %v", err)
	}
}
