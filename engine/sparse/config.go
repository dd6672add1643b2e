package sparse

import (
	"slices"
	"strings"

	"kvscope/engine/input"
)

// Who picks the candidates that are not forced.
const (
	SelectorOwn    = "own"    // the method itself
	SelectorRandom = "random" // a seeded draw, the same number of them
)

// DefaultMethod is the method where none is asked for: it reads everything.
const DefaultMethod = "dense"

// Config asks for a method by name, with its parameters.
type Config struct {
	Method       string `json:"method,omitempty"`        // of Methods; DefaultMethod
	Selector     string `json:"selector,omitempty"`      // own or random; own
	SelectorSeed uint64 `json:"selector_seed,omitempty"` // of SelectorRandom

	// Values are the parameters that are set. In JSON they stand beside the other
	// fields of what holds a Config.
	Values Values `json:"-"`
}

// With is c with one parameter set, or unset by "".
func (c Config) With(name, text string) Config {
	c.Values = c.Values.With(name, text)
	return c
}

// Validate reports the first field that is unknown or out of range, as an
// *input.Error. That a budget is too small for a prompt only New can tell.
func (c Config) Validate() error {
	_, err := c.settings(1)
	return err
}

// Unused lists the parameters that are set and that the method has not, or that another says
// too.
func (c Config) Unused() []string {
	s, err := c.settings(1)
	if err != nil {
		return nil // which New says
	}
	return s.ignored
}

// settings checks c and puts the defaults in.
func (c Config) settings(promptTokens int) (Settings, error) {
	if c.Method == "" {
		c.Method = DefaultMethod
	}
	info, ok := Method(c.Method)
	if !ok {
		var ids []string
		for _, m := range Methods() {
			ids = append(ids, m.ID)
		}
		return Settings{}, input.Errorf("method", "%q, want one of %s", c.Method, strings.Join(ids, ", "))
	}
	s := Settings{Method: info, Tokens: promptTokens, Seed: c.SelectorSeed, values: map[string]value{}, given: map[string]bool{}}
	switch c.Selector {
	case "", SelectorOwn:
	case SelectorRandom:
		if !info.Random {
			return s, input.Errorf("selector", "%s has no random form, want own", info.Name)
		}
		s.Random = true
	default:
		return s, input.Errorf("selector", "%q, want own or random", c.Selector)
	}
	params := info.Settable()
	for _, name := range c.Values.Names() {
		if _, ok := find(params, name); ok {
			continue
		}
		if kindOf(name) == "" {
			return s, unknownParam(name)
		}
		if err := info.alone(name, c.Values[name]); err != nil {
			return s, err
		}
		s.ignored = append(s.ignored, name)
	}
	for _, p := range params {
		text, given := c.Values[p.Name]
		if !given {
			text = p.Default
		}
		if !given && text == "" {
			continue
		}
		v, err := p.parse(text)
		if err != nil {
			return s, err
		}
		s.values[p.Name], s.given[p.Name] = v, given
	}
	if s.Given("k") && s.Given("budget") { // either says how much is read, and k does
		s.ignored = append(s.ignored, "budget")
	}
	return s, nil
}

// Settings are a method's parameters, checked and with the defaults in, for a prompt
// of known length: what a method is made from.
type Settings struct {
	Method Info
	Tokens int    // of the prompt
	Random bool   // whether chance selects in the method's place
	Seed   uint64 // of that chance

	values  map[string]value
	given   map[string]bool
	ignored []string
}

// Given reports whether a parameter was set, and is not there by default.
func (s Settings) Given(name string) bool { return s.given[name] }

// Int is the value of a parameter of kind KindInt, 0 when it has neither been set nor
// a default.
func (s Settings) Int(name string) int { return int(s.value(name, KindInt).number) }

// Float is the value of a parameter of kind KindFloat or KindBudget.
func (s Settings) Float(name string) float64 { return s.value(name, KindFloat, KindBudget).number }

// Bool is the value of a parameter of kind KindBool.
func (s Settings) Bool(name string) bool { return s.value(name, KindBool).number != 0 }

// Choice is the value of a parameter of kind KindChoice.
func (s Settings) Choice(name string) string { return s.value(name, KindChoice).choice }

func (s Settings) value(name string, kinds ...string) value {
	p, ok := s.Method.Param(name)
	if !ok || !slices.Contains(kinds, p.Kind) {
		panic("BUG: " + s.Method.ID + " has no parameter " + name + " of kind " + strings.Join(kinds, " or "))
	}
	return s.values[name]
}

// Budget is the share of the cache that may be read: 1 for a method without a budget.
func (s Settings) Budget() float64 {
	if _, ok := s.Method.Param("budget"); !ok {
		return 1
	}
	return s.Float("budget")
}
