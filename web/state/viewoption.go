package state

import (
	"maps"
	"slices"
	"strings"
)

// Option is something of a view that is chosen, and that a link restores under its name.
type Option struct {
	Name string // small letters
	// Read is a value as it is written into a link, "" for what a link leaves out; false
	// where the option has no such value.
	Read func(value string) (string, bool)
}

// Flag is an option that is so, "1", or not.
func Flag(name string) Option {
	return Option{name, func(value string) (string, bool) {
		if value == "0" {
			value = ""
		}
		return value, value == "" || value == "1"
	}}
}

// Choice is an option that has one of values, the first unless another is chosen.
func Choice(name string, values ...string) Option {
	return Option{name, func(value string) (string, bool) {
		if value == "" || value == values[0] {
			return "", true
		}
		return value, slices.Contains(values, value)
	}}
}

// Option is the value of an option of a view, "" where none was chosen.
func (p *Place) Option(name string) string { return p.options[name] }

// setOption chooses a value, none by "". Maps are shared by snapshots, so none changes.
func (p *Place) setOption(name, value string) {
	options := maps.Clone(p.options)
	delete(options, name)
	if value != "" {
		if options == nil {
			options = map[string]string{}
		}
		options[name] = value
	}
	if len(options) == 0 {
		options = nil
	}
	p.options = options
}

// readOption is a value of an option that one of views has.
func readOption(views []View, name, value string) (string, bool) {
	for _, v := range views {
		for _, o := range v.Options {
			if o.Name == name {
				return o.Read(value)
			}
		}
	}
	return "", false
}

// anyOption takes what may be an option of some view: which views there are is for the
// snapshot to say.
func anyOption(name, value string) (string, bool) {
	ok := name != "" && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" && len(value) <= 64
	return value, ok
}

// settle drops what no view of the page has an option for.
func (s *Snapshot) settle() {
	for name, value := range s.options {
		read, ok := readOption(s.Views, name, value)
		if !ok {
			read = ""
		}
		s.setOption(name, read)
	}
}

// SetOption chooses a value of an option of a view.
type SetOption struct{ Name, Value string }

func (a SetOption) apply(s *Snapshot) []Effect {
	if value, ok := readOption(s.Views, a.Name, a.Value); ok {
		s.setOption(a.Name, value)
	}
	return nil
}
