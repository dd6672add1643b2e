package sparse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Setting is the parameters of a method as one text: a JSON object as Values write it,
// or "" for none. Two configurations of a method that mean the same have the same
// Setting: each value is written in one way, and defaults, parameters that the method does
// not have and those that another says too are left out. Unlike Values it can be compared and be the key of a map.
type Setting string

// Setting is how c sets its method up.
func (c Config) Setting() (Setting, error) {
	s, err := c.settings(1)
	if err != nil {
		return "", err
	}
	out := Values{}
	for name, text := range s.texts() {
		p, _ := s.Method.Param(name)
		if s.Given(name) && !slices.Contains(s.ignored, name) && (p.Default == "" || text != p.text(p.standard())) {
			out[name] = text
		}
	}
	return out.Setting(), nil
}

// Resolved are the parameters that c's method is made with, defaults among them, each
// written in one way.
func (c Config) Resolved() (Values, error) {
	s, err := c.settings(1)
	if err != nil {
		return nil, err
	}
	return s.texts(), nil
}

// texts are the values of s as they are written, of those that another says too the default.
func (s Settings) texts() Values {
	out := Values{}
	for _, p := range s.Method.Settable() {
		if v, ok := s.values[p.Name]; ok {
			if slices.Contains(s.ignored, p.Name) {
				v = p.standard()
			}
			out[p.Name] = p.text(v)
		}
	}
	return out
}

// Setting writes v as it is, whatever method it is for.
func (v Values) Setting() Setting {
	if len(v) == 0 {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error()) // strings, and numbers that were read from them
	}
	return Setting(text)
}

// Values are the parameters that s sets.
func (s Setting) Values() Values {
	if s == "" {
		return nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(s), &members); err != nil {
		panic("BUG: no setting: " + string(s))
	}
	out := Values{}
	for name, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		out[name] = text
	}
	return out
}

// MarshalJSON writes the object.
func (s Setting) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("{}"), nil
	}
	return []byte(s), nil
}

// UnmarshalJSON reads an object of parameters. It knows no method, so what is the
// default of one stays as it stands.
func (s *Setting) UnmarshalJSON(text []byte) error {
	var v Values
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*s = v.Setting()
	return nil
}

// standard is the default of a parameter that has one.
func (p Param) standard() value {
	v, err := p.parse(p.Default)
	if err != nil {
		panic(fmt.Sprintf("BUG: default of %s: %v", p.Name, err))
	}
	return v
}

// text writes a value of p in the one way.
func (p Param) text(v value) string {
	switch p.Kind {
	case KindBudget:
		return FormatBudget(v.number)
	case KindBool:
		return strconv.FormatBool(v.number != 0)
	case KindChoice:
		return v.choice
	case KindInt:
		return strconv.Itoa(int(v.number))
	}
	return strconv.FormatFloat(v.number, 'g', -1, 64)
}

// Canonical writes a value of p in the one way, or says what is wrong with it.
func (p Param) Canonical(text string) (string, error) {
	v, err := p.parse(text)
	if err != nil {
		return "", err
	}
	return p.text(v), nil
}

// Budget is the share of the cache that resolved parameters allow to read: 1 for those
// of a method without a budget.
func (v Values) Budget() float64 {
	budget, err := ParseBudget(v["budget"])
	if err != nil {
		return 1
	}
	return budget
}

// ReadsEverything reports whether resolved parameters of m leave nothing out: the budget is
// all of the cache, and nothing is set that restricts what is read whatever the budget.
func (m Info) ReadsEverything(v Values) bool {
	restricts := func(p Param) bool { return p.Restricts && v[p.Name] != "" }
	return v.Budget() == 1 && !slices.ContainsFunc(m.Params, restricts)
}

// Describe says in words how resolved parameters set the method up, beyond the budget:
// the size of blocks where it picks blocks, and what is not the default. "" for nothing.
func (m Info) Describe(v Values) string {
	var parts []string
	for _, p := range m.Params {
		text, set := v[p.Name]
		standard := p.Default != "" && text == p.text(p.standard())
		said := p.Phrase != "" && m.Unit == UnitBlock
		if !set || p.Kind == KindBudget || standard && !said {
			continue
		}
		parts = append(parts, p.phrase(text))
	}
	return strings.Join(parts, ", ")
}

// phrase says a value in words.
func (p Param) phrase(text string) string {
	name := strings.ReplaceAll(p.Name, "_", " ")
	switch {
	case p.Phrase != "":
		return fmt.Sprintf(p.Phrase, text)
	case p.Kind == KindBool && text == "true":
		return name
	case p.Kind == KindBool:
		return "not " + name
	}
	return name + " " + text
}
