package sparse

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"kvscope/engine/input"
)

// Sweep lists values of parameters by name, as text: the axes of an experiment. A
// parameter that is not there has the method's default.
type Sweep map[string][]string

// With is s with the values of one parameter set, or unset by none.
func (s Sweep) With(name string, values ...string) Sweep {
	out := maps.Clone(s)
	if out == nil {
		out = Sweep{}
	}
	delete(out, name)
	if len(values) > 0 {
		out[name] = values
	}
	return out
}

// Names lists the axes, by the alphabet.
func (s Sweep) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Validate reports the first axis that no method has, that has no values, or that has
// one that is allowed by no method, as an *input.Error. Of says what one method allows.
func (s Sweep) Validate() error {
	for _, name := range s.Names() {
		i := slices.IndexFunc(Params(), func(p Shared) bool { return p.Name == name })
		switch {
		case i < 0:
			return unknownParam(name)
		case len(s[name]) == 0:
			return input.Errorf(name, "none, want at least one value")
		}
		for _, text := range s[name] {
			if err := Params()[i].check(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// check reports what the first method says against text, where none allows it.
func (s Shared) check(text string) error {
	var first error
	for _, m := range s.Methods {
		p, _ := m.Param(s.Name)
		err := p.Check(text)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// maxSettings bounds the settings of one method that a sweep may span: they are all made
// before the first is measured.
const maxSettings = 20_000

// Of lists the settings of a method that s spans: every combination of the values of
// those axes that the method has, its first parameter outermost, each once. A value
// that it does not allow is an *input.Error, and so are more settings than anybody measures.
func (s Sweep) Of(m Info) ([]Setting, error) {
	configs := []Config{{Method: m.ID}}
	for _, p := range m.Params {
		values, err := s.axis(p)
		if err != nil {
			return nil, err
		}
		if len(values) == 0 {
			continue
		}
		if len(configs) > maxSettings/len(values) {
			return nil, input.Errorf(p.Name, "%d values make more than %d settings of %s with those of the other parameters, ask for less", len(values), maxSettings, m.Name)
		}
		next := make([]Config, 0, len(configs)*len(values))
		for _, c := range configs {
			for _, text := range values {
				next = append(next, c.With(p.Name, text))
			}
		}
		configs = next
	}
	var out []Setting
	seen := map[Setting]bool{}
	for _, c := range configs {
		setting, err := c.Setting()
		if err != nil {
			return nil, err
		}
		if !seen[setting] {
			seen[setting] = true
			out = append(out, setting)
		}
	}
	return out, nil
}

// axis is the values of a parameter in s, each once and written in the one way.
func (s Sweep) axis(p Param) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, text := range s[p.Name] {
		one, err := p.Canonical(text)
		if err != nil {
			return nil, err
		}
		if !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out, nil
}

// Unused lists the axes that none of the methods has.
func (s Sweep) Unused(methods []Info) []string {
	var out []string
	for _, name := range s.Names() {
		has := func(m Info) bool {
			_, ok := find(m.Params, name)
			_, k := find(m.Params, "k")
			return ok && (name != "budget" || !k || len(s["k"]) == 0) // which k says too
		}
		if !slices.ContainsFunc(methods, has) {
			out = append(out, name)
		}
	}
	return out
}

// MarshalJSON writes an object with an array for every axis, whose values have the types
// of the parameter; see Values.
func (s Sweep) MarshalJSON() ([]byte, error) {
	out := map[string][]json.RawMessage{}
	for name, values := range s {
		out[name] = []json.RawMessage{}
		for _, text := range values {
			raw, err := marshalValue(kindOf(name), text)
			if err != nil {
				return nil, err
			}
			out[name] = append(out[name], raw)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. A name that no method has and a value of
// another type are an *input.Error.
func (s *Sweep) UnmarshalJSON(text []byte) error {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return input.Errorf("params", "%s, want an object with an array of values for each parameter", bytes.TrimSpace(text))
	}
	out := Sweep{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if kindOf(name) == "" {
			return unknownParam(name)
		}
		var values []json.RawMessage
		if err := json.Unmarshal(members[name], &values); err != nil {
			return input.Errorf(name, "%s, want an array of values", bytes.TrimSpace(members[name]))
		}
		out[name] = []string{}
		for _, raw := range values {
			one := Values{}
			if err := one.SetJSON(name, raw); err != nil {
				return err
			}
			if len(one) == 0 {
				return input.Errorf(name, "%s among the values, want none that is empty", bytes.TrimSpace(raw))
			}
			out[name] = append(out[name], one[name])
		}
	}
	*s = out
	return nil
}

func unknownParam(name string) error {
	return input.Errorf(name, "unknown parameter, methods have %s", strings.Join(names(), ", "))
}
