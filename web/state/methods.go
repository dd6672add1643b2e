package state

import (
	"slices"
	"strings"

	"kvscope/engine/sparse"
)

// Family is the methods of one kind.
type Family struct {
	Name    string
	Methods []sparse.Info
}

// Families lists the methods by family, both in the order to offer them.
func Families() []Family {
	var out []Family
	for _, m := range sparse.Methods() {
		i := slices.IndexFunc(out, func(f Family) bool { return f.Name == m.Family })
		if i < 0 {
			i = len(out)
			out = append(out, Family{Name: m.Family})
		}
		out[i].Methods = append(out[i].Methods, m)
	}
	return out
}

// Found reports whether every word of text is in what the method is called or does, in
// any case.
func Found(m sparse.Info, text string) bool {
	about := strings.ToLower(strings.Join([]string{m.ID, m.Name, m.Family, m.Help, m.Paper}, " "))
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(about, word) {
			return false
		}
	}
	return true
}

// OtherMethod is a method to compare one with: the first other that chooses by keys.
func OtherMethod(than string) string {
	for _, m := range sparse.Methods() {
		if m.Scores == sparse.ScoresKeys && m.ID != than {
			return m.ID
		}
	}
	return sparse.DefaultMethod
}
