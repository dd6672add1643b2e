package input

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Twice is the name of the first field that comes twice in one object of a JSON text, in
// capitals or not, and "" when none does. A decoder takes the last and drops the others.
func Twice(text []byte) string {
	type level struct {
		names map[string]bool // of an object, nil in a list
		value bool            // whether the next token of an object is a value
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // of any size
	var levels []level
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			at := &levels[n-1]
			if !at.value {
				name, _ := token.(string)
				folded := strings.ToLower(name)
				if at.names[folded] {
					return name
				}
				at.names[folded] = true
			}
			at.value = !at.value
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
