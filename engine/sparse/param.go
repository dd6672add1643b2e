package sparse

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"kvscope/engine/input"
)

// Kinds of parameters.
const (
	KindBudget = "budget" // see ParseBudget
	KindInt    = "int"
	KindFloat  = "float"
	KindBool   = "bool"
	KindChoice = "choice"
)

// Param describes one parameter of a method. Name is its key in JSON, in addresses
// and in the metadata of files, and with dashes its flag; Title is its label on a
// form.
type Param struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Kind    string   `json:"kind"`
	Default string   `json:"default"` // "" when it follows from other parameters
	Min     float64  `json:"min"`     // of a KindInt or KindFloat
	Max     float64  `json:"max"`
	Above   bool     `json:"above,omitempty"` // Min itself is not allowed
	Odd     bool     `json:"odd"`
	Choices []string `json:"choices,omitempty"` // of a KindChoice; of a KindBudget those to offer
	Help    string   `json:"help"`

	// Refused says of choices that other methods have why this one cannot have them.
	Refused map[string]string `json:"-"`

	// Phrase says a value in words, with %s in its place: "blocks of %s". Without one it
	// is the name and the value.
	Phrase string `json:"-"`

	// Extent says that the parameter decides how much is picked, and changes no score.
	Extent bool `json:"-"`

	// Restricts says that the parameter, where it is set, restricts what is read by itself,
	// whatever the budget.
	Restricts bool `json:"-"`

	// Aliases are names that other programs give to the parameter in the metadata of
	// files; TokenAliases are such names of a number of blocks that count it in
	// tokens; Parts are names there of numbers that add up to it. Spellings are other
	// words for the choices.
	Aliases      []string          `json:"-"`
	TokenAliases []string          `json:"-"`
	Parts        []string          `json:"-"`
	Spellings    map[string]string `json:"-"`
}

// Allowed says in words which values p takes.
func (p Param) Allowed() string {
	switch p.Kind {
	case KindBudget:
		return "1, a fraction such as 1/16 or a decimal such as 0.25, above 0 and at most 1"
	case KindBool:
		return "true or false"
	case KindChoice:
		return strings.Join(p.Choices, " or ")
	}
	what := "a whole number"
	switch {
	case p.Kind == KindFloat:
		what = "a number"
	case p.Odd:
		what = "an odd number"
	}
	lo, hi := formatNumber(p.Min), formatNumber(p.Max)
	if p.Above {
		return fmt.Sprintf("%s above %s and at most %s", what, lo, hi)
	}
	return fmt.Sprintf("%s from %s to %s", what, lo, hi)
}

// formatNumber writes v without an exponent, so that limits read as people write them.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// value is a parameter's value: its number, 1 for true, or its choice.
type value struct {
	number float64
	choice string
}

// parse reads text as a value of p. The error names p, the text and what is allowed.
func (p Param) parse(text string) (value, error) {
	text = strings.TrimSpace(text)
	switch p.Kind {
	case KindBudget:
		v, err := ParseBudget(text)
		if err != nil {
			return value{}, input.Errorf(p.Name, "%q, want %s", text, p.Allowed())
		}
		return value{number: v}, nil
	case KindBool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return value{}, input.Errorf(p.Name, "%q, want %s", text, p.Allowed())
		}
		if v {
			return value{number: 1}, nil
		}
		return value{}, nil
	case KindChoice:
		if c, ok := p.Spellings[text]; ok {
			text = c
		}
		for _, c := range p.Choices {
			if c == text {
				return value{choice: c}, nil
			}
		}
		if reason := p.Refused[text]; reason != "" {
			return value{}, input.Errorf(p.Name, "%q, want %s of this method: %s", text, p.Allowed(), reason)
		}
		return value{}, input.Errorf(p.Name, "%q, want %s", text, p.Allowed())
	}
	v, err := strconv.ParseFloat(text, 64)
	if p.Kind == KindInt && err == nil {
		_, err = strconv.Atoi(text)
	}
	switch {
	case err != nil:
		return value{}, input.Errorf(p.Name, "%q, want %s", text, p.Allowed())
	case !(v >= p.Min && v <= p.Max) || p.Above && v == p.Min || p.Odd && math.Mod(v, 2) == 0:
		return value{}, input.Errorf(p.Name, "%s, want %s", text, p.Allowed())
	}
	return value{number: v}, nil
}

// Check reports what is wrong with text as a value of p, as an *input.Error.
func (p Param) Check(text string) error {
	_, err := p.parse(text)
	return err
}
