package assets

import (
	"fmt"
	"regexp"
)

// declared is one colour of css/colour.css: its name, by day and by night.
var declared = regexp.MustCompile(`--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-f]+)\s*,\s*(#[0-9a-f]+)\s*\)`)

// Colours are the colours of the style sheet by their names without the dashes, for
// drawings that stand alone.
func Colours(dark bool) (map[string]string, error) {
	const name = "css/colour.css"
	sheet, err := css.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read colours: %w", err)
	}
	out := map[string]string{}
	for _, m := range declared.FindAllSubmatch(sheet, -1) {
		value := m[2]
		if dark {
			value = m[3]
		}
		out[string(m[1])] = string(value)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("read colours: %s has none", name)
	}
	return out, nil
}
