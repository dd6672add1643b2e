package state

import (
	"slices"
	"testing"

	"kvscope/engine/sparse"
)

// TestFamilies: every method is offered once, under its family.
func TestFamilies(t *testing.T) {
	seen := map[string]string{}
	names := map[string]bool{}
	for _, f := range Families() {
		if f.Name == "" || names[f.Name] {
			t.Errorf("family %q stands there twice, or has no name", f.Name)
		}
		names[f.Name] = true
		for _, m := range f.Methods {
			seen[m.ID] = f.Name
		}
	}
	for _, m := range sparse.Methods() {
		if seen[m.ID] != m.Family {
			t.Errorf("%s is offered under %q, want %q", m.ID, seen[m.ID], m.Family)
		}
	}
}

func TestOtherMethod(t *testing.T) {
	for than, want := range map[string]string{"quest": "moba", "moba": "quest", "dense": "quest"} {
		if got := OtherMethod(than); got != want {
			t.Errorf("beside %s stands %s, want %s", than, got, want)
		}
	}
}

// TestFound: methods are found by name, paper and what they do, by all words of a search.
func TestFound(t *testing.T) {
	for text, want := range map[string][]string{
		"  QUEST ": {"quest", "twilight"}, "2510.00636": {"expected-attention"}, "moba": {"moba"}, "recent evict": {"h2o", "h2o-decode"}, "nothing such": nil,
	} {
		var got []string
		for _, m := range sparse.Methods() {
			if Found(m, text) {
				got = append(got, m.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", text, got, want)
		}
	}
	if m, _ := sparse.Method("dense"); !Found(m, "") {
		t.Error("no search leaves a method out")
	}
}
