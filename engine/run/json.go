package run

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// plainRequest is a Request without its JSON methods and without the method's
// parameters.
type plainRequest Request

// MarshalJSON writes the request as one object: its fields, then the parameters of its
// method.
func (r Request) MarshalJSON() ([]byte, error) {
	fields, err := json.Marshal(plainRequest(r))
	if err != nil || len(r.Values) == 0 {
		return fields, err
	}
	params, err := json.Marshal(r.Values)
	if err != nil {
		return nil, err
	}
	return slices.Concat(fields[:len(fields)-1], []byte{','}, params[1:]), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. It takes no field that it does not know:
// the error, an *input.Error, names it.
func (r *Request) UnmarshalJSON(text []byte) error {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	fields, values := Fields(), sparse.Values{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(fields, name) {
			return input.Errorf(name, "unknown field, allowed are %s", strings.Join(fields, ", "))
		}
		if !slices.Contains(plainFields(), name) {
			if err := values.SetJSON(name, members[name]); err != nil {
				return err
			}
			delete(members, name)
		}
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	var plain plainRequest
	if err := json.Unmarshal(rest, &plain); err != nil {
		return input.FromFlatJSON(err)
	}
	*r = Request(plain)
	if len(values) > 0 {
		r.Values = values
	}
	return nil
}

// Fields lists the names of a request's JSON members: the fields, then the parameters
// of all methods.
func Fields() []string {
	names := plainFields()
	for _, p := range sparse.Params() {
		names = append(names, p.Name)
	}
	return names
}

// plainFields lists the members that are no parameters of methods.
func plainFields() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[plainRequest]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
