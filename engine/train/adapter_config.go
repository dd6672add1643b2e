package train

import (
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/model"
)

// AdapterConfig holds the settings of a run that trains an adapter, as its text form has
// them:
//
//	base = SmolLM2.gguf          # the frozen model
//	prose = one.txt.gz two.txt   # what is read and what needles are hidden in
//	rank = 16                    # of the deltas
//	gates = whole                # or the rank of low-rank ones, or none
//	ramp = 100K                  # tokens until the gates are open
//	start = memory.safetensors   # an adapter to go on from, of that rank and those gates, and no ramp
type AdapterConfig struct {
	Base     string
	Prose    []string
	Rank     int
	Gated    bool
	GateRank int // 0: whole matrices
	Ramp     int
	Start    string // "": deltas that change nothing, and gates nearly shut

	gates string // as it was written
}

// setAdapter assigns a value of an adapter; ok is false where none is called so.
func (c *Config) setAdapter(name, val string) (ok bool, err error) {
	a := c.Adapter
	if a == nil {
		a = &AdapterConfig{}
	}
	switch name {
	case "base":
		a.Base = val
	case "prose":
		a.Prose = strings.Fields(val)
	case "rank":
		err = setCount(&a.Rank, name, val)
	case "gates":
		err = a.setGates(val)
	case "ramp":
		err = setCount(&a.Ramp, name, val)
	case "start":
		if val == "" {
			err = input.Errorf(name, "empty, want the file of an adapter")
		}
		a.Start = val
	default:
		return false, nil
	}
	c.Adapter = a
	return true, err
}

// setGates reads "none", "whole" or a rank.
func (a *AdapterConfig) setGates(val string) error {
	a.gates, a.Gated = val, val != "none"
	if val == "none" || val == "whole" {
		return nil
	}
	rank, err := strconv.Atoi(val)
	if err != nil || rank < 1 || rank > mostRank {
		return input.Errorf("gates", "%q, want none, whole, or a rank of 1 to %d", val, mostRank)
	}
	a.GateRank = rank
	return nil
}

// mostRank is the largest rank of a delta.
const mostRank = 1024

// hasShape reports whether a model's shape was given.
func (c *Config) hasShape() bool {
	m := c.Model
	m.Context, m.Rope, m.Eps, m.Tied = 0, model.Rope{}, 0, false // those of every run
	return m != (model.Config{})
}

// validateAdapter is Validate of an adapter.
func (c *Config) validateAdapter() error {
	a := c.Adapter
	switch {
	case a.Base == "":
		return input.Errorf("base", "missing, want the model that the adapter is for")
	case c.hasShape():
		return input.Errorf("base", "a model has its own arch, layers, heads, width and hidden, want none of them beside it")
	case len(a.Prose) == 0:
		return input.Errorf("prose", "missing, want one or more files of text")
	case a.Rank < 1 || a.Rank > mostRank:
		return input.Errorf("rank", "%d, want 1 to %d", a.Rank, mostRank)
	case a.gates == "":
		return input.Errorf("gates", "missing, want none, whole or a rank")
	case !a.Gated && a.Ramp > 0:
		return input.Errorf("ramp", "%d tokens, and there are no gates to open", a.Ramp)
	case a.Start != "" && a.Ramp > 0:
		return input.Errorf("ramp", "%d tokens, and the gates of start are open, want none", a.Ramp)
	}
	return nil
}
