package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/sparse"
)

// methodIDs lists the methods.
func methodIDs() string {
	var ids []string
	for _, m := range sparse.Methods() {
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, " ")
}

// methodFlags adds the selector and the parameters of all methods to fs, as flags that
// set them in c: one that is not given is not set.
func methodFlags(fs *flagSet, c *sparse.Config) {
	fs.StringVar(&c.Selector, "selector", "", "own or random")
	for _, p := range sparse.Params() {
		set := func(text string) error {
			*c = c.With(p.Name, text)
			return nil
		}
		name := flagName(p.Name)
		if p.Kind == sparse.KindBool {
			fs.BoolFunc(name, paramUsage(p), set)
		} else {
			fs.Func(name, paramUsage(p), set)
		}
	}
}

// sweepFlags adds the parameters of all methods to fs, as flags that set the values in s
// to measure each. The budget may be called budgets too, as it was before the others
// could be several.
func sweepFlags(fs *flagSet, s *sparse.Sweep) {
	for _, p := range sparse.Params() {
		set := func(list string) error {
			*s = s.With(p.Name, strings.Split(list, ",")...)
			return nil
		}
		name, usage := flagName(p.Name), "`values` comma-separated; "+paramHelp(p)
		if p.Kind == sparse.KindBool {
			fs.BoolFunc(name, usage, set)
			continue
		}
		fs.Func(name, usage, set)
		if p.Kind == sparse.KindBudget {
			fs.Func(name+"s", "the same as --"+name, set)
		}
	}
}

// flagName is the flag of a parameter.
func flagName(param string) string { return strings.ReplaceAll(param, "_", "-") }

// paramUsage is the help of a parameter's flag.
func paramUsage(p sparse.Shared) string { return kindWord(p) + paramHelp(p) }

// paramHelp joins the help of the methods that share a parameter; methods with the same text
// are listed before it.
func paramHelp(p sparse.Shared) string {
	var said []string
	by := map[string][]string{}
	for _, m := range p.Methods {
		own, _ := m.Param(p.Name)
		text := own.Help
		if own.Default != "" && own.Kind != sparse.KindBool {
			text += "; " + own.Default
		}
		if by[text] == nil {
			said = append(said, text)
		}
		by[text] = append(by[text], m.Name)
	}
	if len(said) == 1 && len(p.Methods) > 3 {
		return said[0]
	}
	for i, text := range said {
		said[i] = strings.Join(by[text], ", ") + ": " + text
	}
	return strings.Join(said, "\n")
}

// kindWord is how the help names the value of a parameter.
func kindWord(p sparse.Shared) string {
	switch p.Kind {
	case sparse.KindInt:
		return "`number` "
	case sparse.KindFloat:
		return "`share` "
	}
	return ""
}

// sayIgnored names, in a line, what was set and that methods do not use, and in others what has
// no effect for another reason.
func sayIgnored(w io.Writer, methods, names []string) {
	var unused []string
	for _, name := range names {
		has := func(id string) bool {
			info, _ := sparse.Method(id)
			_, ok := info.Param(name)
			return ok
		}
		switch {
		case slices.ContainsFunc(methods, has):
			fmt.Fprintf(w, "ignored: %s, which k says too\n", name)
		case name == "select_with" || name == "compute_with":
			fmt.Fprintf(w, "ignored: %s, of which a model without a memory has no choice\n", name)
		default:
			unused = append(unused, name)
		}
	}
	if len(unused) > 0 {
		fmt.Fprintf(w, "ignored: %s, which %s does not use\n", strings.Join(unused, ", "), strings.Join(methods, ", "))
	}
}

// optionalInt is a flag with a number that is nil until it is given.
func (fs *flagSet) optionalInt(to **int, name, usage string) {
	fs.Func(name, usage, func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("want a whole number")
		}
		*to = &n
		return nil
	})
}
