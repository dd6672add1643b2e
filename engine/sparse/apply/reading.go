package apply

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// Options say how to read a file where it does not say it itself; "" leaves it to the
// file.
type Options struct {
	Layout string // order of axes, such as "[batch, seq, head, head_dim]"
	Scale  string // of the softmax; Dh^-1/2
	Mask   string // padding: how many of the first positions, an array in the file, or a file
}

// Capture finds the queries and keys of the heads of a model in f, read as o says or, where
// it says nothing, as f itself does. What f says of a method counts for Run; others are given
// the method by who asks, who may look at Asks. said names it.
func Capture(f *checkpoint.File, o Options) (c *capture.Capture, said []string, err error) {
	s, err := readSettings(f)
	if err != nil {
		return nil, nil, err
	}
	order, _, err := s.order(o.Layout)
	if err != nil {
		return nil, nil, err
	}
	if c, err = capture.Read(f, order); err != nil {
		return nil, nil, err
	}
	if c.Scale, err = s.scale(o.Scale, c.HeadDim); err != nil {
		return nil, nil, err
	}
	p, err := s.readPadding(o.Mask, c.Len)
	if err != nil {
		return nil, nil, err
	}
	c.Cut(p.left, p.right)
	return c, s.ofMethods(), nil
}

// Asks is what Run would take from f, of whose keys that many are no padding: its method, if
// it names one, and the parameters that it has of that method, or else of the one given.
// ignored are names that say something of methods, and that this one makes nothing of, or that
// another name says too.
func Asks(f *checkpoint.File, method string, tokens int) (c sparse.Config, ignored []string, err error) {
	s, err := readSettings(f)
	if err != nil {
		return c, nil, err
	}
	said := s.ofMethods()
	if len(said) == 0 {
		return c, nil, nil
	}
	_, named := s.texts["method"]
	if !named {
		c.Method = method
	}
	if c, _, err = s.plan(c, tokens); err != nil {
		return sparse.Config{}, nil, err
	}
	info, _ := sparse.Method(c.Method)
	for _, p := range info.Settable() {
		if text, set := c.Values[p.Name]; set {
			plain, _ := p.Canonical(text) // which the plan has found right
			c = c.With(p.Name, plain)
		}
	}
	if !named {
		c.Method = ""
	}
	said = slices.DeleteFunc(said, func(name string) bool { return s.used[name] })
	for i, name := range said {
		if by := s.over[name]; by != "" {
			said[i] = name + " (which " + by + " says too)"
		}
	}
	return c, said, nil
}

// ofMethods are the names in the file that say a method, or a parameter of one.
func (s *settings) ofMethods() []string {
	known := map[string]bool{"method": true, "selector": true}
	for _, m := range sparse.Methods() {
		for _, p := range m.Settable() {
			for _, n := range slices.Concat(spellings(p), p.Parts) {
				known[n] = true
			}
		}
	}
	var out []string
	for name := range s.texts {
		if known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// order is the order of axes, and whether anybody said it.
func (s *settings) order(option string) (order capture.Order, given bool, err error) {
	name, text, err := s.take("layout")
	if option != "" {
		order, err = capture.ParseOrder(option)
		return order, true, err
	}
	if err != nil || name == "" {
		return nil, false, err
	}
	if order, err = capture.ParseOrder(text); err != nil {
		err = fmt.Errorf("the file's %w", err)
	}
	return order, true, err
}

// mostScale is more than any model multiplies with before the softmax.
const mostScale = 1000

// scale finds what the softmax scales by: Dh^-1/2 where nothing says it.
func (s *settings) scale(option string, dim int) (float64, error) {
	name, text, err := s.take("scale", "softmax_scale", "scaling")
	switch {
	case option != "":
		text = option
	case err != nil:
		return 0, err
	case text == "":
		return 1 / math.Sqrt(float64(dim)), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err == nil && v > 0 && v <= mostScale:
		return v, nil
	case option != "":
		return 0, input.Errorf("scale", "%q, want a number above 0 and at most %d", text, mostScale)
	}
	return 0, s.blame(name, "%q, want a number above 0 and at most %d", text, mostScale)
}
