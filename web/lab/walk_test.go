package lab

import (
	"net/url"
	"slices"
	"testing"
)

// linkValues are values that a field may come to have in a link.
var linkValues = []string{
	"", "0", "-1", "1.5", "999999999999999999999", "1e400", "NaN", "-Inf", "x", "\x00", "é,中", "true", "[]", "a:b:c", "attention:nothing", "attention:quest:nothing", "1,2", "99.99", "1/0", " ",
}

// TestWalkLink gives every field of a link to the experiments every kind of value, of which an experiment, a method or
// a budget may have any name.
func TestWalkLink(t *testing.T) {
	p := DefaultPlace()
	for _, f := range p.fields() {
		for _, value := range linkValues {
			query := f.name + "=" + url.QueryEscape(value)
			got, bad := ParseQuery(query), Misread(query)
			if taken := *got.at(f.name) == value; taken == (len(bad) > 0) {
				t.Errorf("%s: %+v, told are %v", query, got, bad)
			}
		}
	}
	if bad := Misread("view=heads&unknown=1&view=%zz&&paper=4"); !slices.Equal(bad, []string{"unknown=1", "view=%zz"}) {
		t.Errorf("told are %v", bad)
	}
	if bad := Misread("paper=3&view=heads&paper=4&view=heads"); !slices.Equal(bad, []string{"paper=3"}) {
		t.Errorf("told are %v of a field that comes twice", bad)
	}
}

// at is the field of a name.
func (p *Place) at(name string) *string {
	for _, f := range p.fields() {
		if f.name == name {
			return f.at
		}
	}
	return nil
}
