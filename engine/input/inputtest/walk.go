package inputtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// odd are values that a field of JSON may come to have: empty, zero, negative, huge, of
// every other type. null is no value.
var odd = []string{`""`, `"x"`, `0`, `-1`, `3`, `0.5`, `1e30`, `true`, `false`, `[]`, `["x"]`, `{}`}

// unknown is the name of a field that nobody knows.
const unknown = "unknown"

// WalkJSON gives every field of a good text, at any depth, values of every kind, and every
// object a field that nobody knows. read must refuse each by the name of the field, or of
// one that it stands in, or make another digest of it. silent says of which fields, by
// their path from the top, nothing depends; same of which values that they are what the
// field has by itself. The walk stays out of what silent names. It returns how many values
// there were.
func WalkJSON(t *testing.T, name, good string, silent []string, same map[string][]string, read func(text []byte) (digest string, err error)) int {
	t.Helper()
	want, err := read([]byte(good))
	if err != nil {
		t.Errorf("%s as it is: %v", name, err)
		return 0
	}
	var top any
	if err := json.Unmarshal([]byte(good), &top); err != nil {
		t.Fatal(err)
	}
	walked := 0
	visit(top, nil, func(path []string, own any, set func(any)) {
		at := strings.Join(path, ".")
		if slices.Contains(silent, at) {
			return
		}
		was, err := json.Marshal(own)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range odd {
			if value == string(was) || slices.Contains(same[at], value) || path[len(path)-1] == unknown && value != odd[0] {
				continue
			}
			set(json.RawMessage(value))
			text, err := json.Marshal(top)
			set(own)
			if err != nil {
				t.Fatal(err)
			}
			walked++
			got, err := read(text)
			switch {
			case err != nil && (!names(err, path) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%s: %s %s is refused by %q, want one line that names it", name, at, value, err)
			case err == nil && got == want:
				t.Errorf("%s: %s %s changes nothing and is not refused", name, at, value)
			}
		}
	}, silent)
	return walked
}

// names reports whether err has the last of path that is no "*", the entry of a list, or
// one of those before.
func names(err error, path []string) bool {
	return slices.ContainsFunc(path, func(field string) bool { return field != "*" && strings.Contains(err.Error(), field) })
}

// visit calls do for every field of v and below, and for one more of every object.
func visit(v any, path []string, do func(path []string, own any, set func(any)), silent []string) {
	if slices.Contains(silent, strings.Join(path, ".")) {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := append(slices.Clip(path), key)
			do(at, v[key], func(x any) { v[key] = x })
			visit(v[key], at, do, silent)
		}
		if !slices.Contains(silent, strings.Join(append(slices.Clip(path), unknown), ".")) {
			do(append(slices.Clip(path), unknown), nil, func(x any) {
				if v[unknown] = x; x == nil {
					delete(v, unknown)
				}
			})
		}
	case []any:
		for i := range v {
			at := append(slices.Clip(path), "*")
			do(at, v[i], func(x any) { v[i] = x })
			visit(v[i], at, do, silent)
		}
	}
}
