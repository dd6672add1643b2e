package input

import "testing"

// TestTwice: a field that comes twice is found in any object, and nothing else is taken for one.
func TestTwice(t *testing.T) {
	for text, want := range map[string]string{
		`{"seed": 3, "seed": 4}`:                    "seed",
		`{"seed": 3, "task": "seed", "Seed": 4}`:    "Seed",
		`{"grid": {"tasks": [], "tasks": ["S-1"]}}`: "tasks",
		`[{"a": {}, "b": [], "a": 1e999}]`:          "a",
		`{"a": {"a": ["a", "a"]}, "b": {"a": "a"}}`: "",
		`[{"a": 1}, {"a": 2}]`:                      "",
		`{"a": "b", "b": "a", "": ""}`:              "",
		`"a"`:                                       "",
		``:                                          "",
		`{"a": 1, `:                                 "",
	} {
		if got := Twice([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
