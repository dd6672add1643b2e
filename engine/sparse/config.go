package sparse

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
)

// Who picks the candidates that are not forced.
const (
	SelectorOwn    = "own"    // the method itself
	SelectorRandom = "random" // a seeded draw, the same number of them
)

// Config asks for a method by name. Zero values mean the default that Methods
// lists; what a method has no use for is ignored.
type Config struct {
	Method      string  `json:"method"`
	Selector    string  `json:"selector,omitempty"`
	Budget      float64 `json:"budget,omitempty"`
	Block       int     `json:"block,omitempty"`
	K           int     `json:"k,omitempty"`
	PublicCode  bool    `json:"public_code,omitempty"`
	DenseLayers int     `json:"dense_layers,omitempty"`
	Window      int     `json:"window,omitempty"`
	Kernel      int     `json:"kernel,omitempty"`
	Pooling     string  `json:"pooling,omitempty"`
	Dilation    int     `json:"dilation,omitempty"`
	Initial     int     `json:"initial,omitempty"`
	TopP        string  `json:"top_p,omitempty"`
	Seed        uint64  `json:"seed,omitempty"` // of SelectorRandom
}

// Validate reports the first field that is out of range, as an *input.Error. That
// a budget is too small for a prompt only New can tell.
func (c Config) Validate() error {
	_, _, err := c.fill()
	return err
}

// fill checks c and puts the defaults in.
func (c Config) fill() (Config, Info, error) {
	if c.Method == "" {
		c.Method = "dense"
	}
	info, ok := Method(c.Method)
	if !ok {
		var ids []string
		for _, m := range Methods() {
			ids = append(ids, m.ID)
		}
		return c, info, input.Errorf("method", "%q, want one of %s", c.Method, strings.Join(ids, ", "))
	}
	switch c.Selector {
	case "":
		c.Selector = SelectorOwn
	case SelectorOwn:
	case SelectorRandom:
		if !info.Random {
			return c, info, input.Errorf("selector", "%s has no random form, want own", info.Name)
		}
	default:
		return c, info, input.Errorf("selector", "%q, want own or random", c.Selector)
	}
	if c.Budget == 0 {
		c.Budget = 1
	}
	if !(c.Budget > 0 && c.Budget <= 1) {
		return c, info, input.Errorf("budget", "%v, want above 0 and at most 1", c.Budget)
	}
	// Every method runs on a cache with blocks, whether it uses them or not.
	params := info.Params
	if !slices.ContainsFunc(params, func(p Param) bool { return p.Name == "block" }) {
		dense, _ := Method("dense")
		params = append(slices.Clone(params), dense.Params...)
	}
	for _, p := range params {
		switch v := c.field(p.Name).(type) {
		case *int:
			if *v == 0 && p.Default != "" {
				*v, _ = strconv.Atoi(p.Default)
			}
			unset := *v == 0 && p.Default == ""
			if !unset && (*v < p.Min || *v > p.Max || p.Odd && *v%2 == 0) {
				return c, info, input.Errorf(p.Name, "%d, want %s", *v, p.Allowed())
			}
		case *string:
			if *v == "" {
				*v = p.Default
			}
			if !slices.Contains(p.Choices, *v) {
				return c, info, input.Errorf(p.Name, "%q, want %s", *v, p.Allowed())
			}
		}
	}
	return c, info, nil
}

// field is the field of c that a Param of kind KindInt or KindChoice names.
func (c *Config) field(name string) any {
	switch name {
	case "block":
		return &c.Block
	case "k":
		return &c.K
	case "dense_layers":
		return &c.DenseLayers
	case "window":
		return &c.Window
	case "kernel":
		return &c.Kernel
	case "pooling":
		return &c.Pooling
	case "dilation":
		return &c.Dilation
	case "initial":
		return &c.Initial
	case "top_p":
		return &c.TopP
	}
	return nil
}
