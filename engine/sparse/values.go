package sparse

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
)

// Values are parameters of methods by name, as text. A name that is present has been
// set, to zero too; one that is absent has the method's default. Values are shared by
// copies of what holds them and are not changed in place: With makes others.
type Values map[string]string

// With is v with one parameter set, or unset by "".
func (v Values) With(name, text string) Values {
	out := maps.Clone(v)
	if text == "" {
		if delete(out, name); len(out) == 0 {
			return nil
		}
		return out
	}
	if out == nil {
		out = Values{}
	}
	out[name] = text
	return out
}

// Without is v with some parameters unset.
func (v Values) Without(names ...string) Values {
	out := maps.Clone(v)
	for _, n := range names {
		delete(out, n)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Names lists what is set, by the alphabet.
func (v Values) Names() []string { return slices.Sorted(maps.Keys(v)) }

// MarshalJSON writes an object whose members have the types of their parameters:
// numbers, booleans and strings; a budget is a string.
func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range v.Names() {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := marshalValue(kindOf(name), v[name])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func marshalValue(kind, text string) ([]byte, error) {
	plain := strings.TrimSpace(text)
	switch kind {
	case KindInt:
		if n, err := strconv.Atoi(plain); err == nil {
			return json.Marshal(n)
		}
	case KindFloat:
		// NaN and Inf, which no parameter allows, have no number in JSON.
		if x, err := strconv.ParseFloat(plain, 64); err == nil && x-x == 0 {
			return json.Marshal(x)
		}
	case KindBool:
		if b, err := strconv.ParseBool(plain); err == nil {
			return json.Marshal(b)
		}
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads what MarshalJSON wrote. A name that no method has and a value of
// another type are an *input.Error; null sets nothing.
func (v *Values) UnmarshalJSON(text []byte) error {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	out := Values{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if kindOf(name) == "" {
			return unknownParam(name)
		}
		if err := out.SetJSON(name, members[name]); err != nil {
			return err
		}
	}
	*v = out
	return nil
}

// SetJSON sets a parameter to a JSON value of its type; null and "" set nothing. A float
// may also be given as a string, as a budget is, which in turn may be a number.
func (v Values) SetJSON(name string, raw json.RawMessage) error {
	var x any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		return err
	}
	kind := kindOf(name)
	want := map[string]string{KindInt: "a whole number", KindFloat: "a number", KindBool: "true or false", KindBudget: "a string", KindChoice: "a string"}[kind]
	got, ok := "", false
	switch x := x.(type) {
	case nil:
		return nil
	case json.Number:
		got, ok = "a number", kind == KindInt || kind == KindFloat || kind == KindBudget
		if _, err := strconv.Atoi(x.String()); kind == KindInt && err != nil {
			got, ok = x.String(), false
		}
		v[name] = x.String()
	case string:
		got, ok = "a string", kind == KindFloat || kind == KindBudget || kind == KindChoice
		if x != "" {
			v[name] = x
		}
	case bool:
		got, ok = "a boolean", kind == KindBool
		v[name] = strconv.FormatBool(x)
	case []any:
		got = "an array"
	default:
		got = "an object"
	}
	if !ok {
		return input.Errorf(name, "%s where %s is expected", got, want)
	}
	return nil
}

// names lists the parameters of all methods.
func names() []string {
	var out []string
	for _, p := range Params() {
		out = append(out, p.Name)
	}
	return out
}
