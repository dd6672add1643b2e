package apply

import (
	"slices"
	"strconv"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// configure is flags with what they leave open taken from a file's metadata, and the
// names there that say nothing of the method.
func configure(flags sparse.Config, metadata map[string]string) (sparse.Config, []string, error) {
	c := flags
	used := map[string]bool{"method": true, "selector": true, "layout": true}
	if c.Method == "" {
		c.Method = metadata["method"]
	}
	if c.Method == "" {
		return c, nil, input.Errorf("method", "missing, and the file's metadata names none")
	}
	if c.Selector == "" {
		c.Selector = metadata["selector"]
	}
	info, _ := sparse.Method(c.Method) // an unknown one is refused with the others named
	for _, p := range info.Settable() {
		name, tokens := named(p, metadata)
		for _, n := range spellings(p) {
			used[n] = used[n] || n == name || name == "" || set(flags, p.Name)
		}
		if name == "" || set(flags, p.Name) {
			continue
		}
		text := metadata[name]
		if tokens {
			var err error
			if text, err = blocksOf(name, text, c, info); err != nil {
				return c, nil, err
			}
		}
		if err := p.Check(text); err != nil {
			return c, nil, input.Errorf(name, "%q in the file's metadata, want %s", metadata[name], p.Allowed())
		}
		c = c.With(p.Name, text)
	}
	if _, ok := c.Values["k"]; ok && !set(flags, "k") {
		c = c.With("budget", "") // which k overrides
	}
	var ignored []string
	for name := range metadata {
		if !used[name] {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(ignored)
	return c, ignored, nil
}

// set reports whether flags leave a parameter no room: how much is read is said by k or
// by the budget.
func set(flags sparse.Config, name string) bool {
	names := []string{name}
	if name == "k" || name == "budget" {
		names = []string{"k", "budget"}
	}
	return slices.ContainsFunc(names, func(n string) bool { _, ok := flags.Values[n]; return ok })
}

// spellings are the names of a parameter in metadata.
func spellings(p sparse.Param) []string {
	return slices.Concat([]string{p.Name}, p.Aliases, p.TokenAliases)
}

// named is the first name of p that the metadata has, and whether it counts tokens.
func named(p sparse.Param, metadata map[string]string) (name string, tokens bool) {
	for _, n := range spellings(p) {
		if _, ok := metadata[n]; ok {
			return n, slices.Contains(p.TokenAliases, n)
		}
	}
	return "", false
}

// blocksOf is a number of tokens as a number of blocks of c, at least one.
func blocksOf(name, text string, c sparse.Config, info sparse.Info) (string, error) {
	tokens, err := strconv.Atoi(text)
	if err != nil || tokens < 1 {
		return "", input.Errorf(name, "%q in the file's metadata, want a whole number of tokens from 1", text)
	}
	p, _ := info.Param("block")
	size, ok := c.Values[p.Name]
	if !ok {
		size = p.Default
	}
	if err := p.Check(size); err != nil {
		return "", err
	}
	block, err := strconv.Atoi(size)
	if err != nil {
		return "", err
	}
	return strconv.Itoa(max(1, tokens/block)), nil
}
