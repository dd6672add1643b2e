package experiment

import (
	"bytes"
	"encoding/json"
	"strconv"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// Before any parameter of a method could be an axis, three of them were, each a field of
// grids and cells. What was written then is read here.

// legacyGrid is a grid as it was, its lists and the window beside the other fields.
type legacyGrid struct {
	Budgets []string `json:"budgets"`
	Blocks  []int    `json:"blocks"`
	Window  *int     `json:"window"`
}

// sweep are the axes of l beside those of s.
func (l legacyGrid) sweep(s sparse.Sweep) sparse.Sweep {
	if l.Budgets != nil {
		s = s.With("budget", l.Budgets...)
	}
	if l.Blocks != nil {
		s = s.With("block", texts(l.Blocks)...)
	}
	if l.Window != nil {
		s = s.With("window", strconv.Itoa(*l.Window))
	}
	return s
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// plainGrid and plainCell are without the methods that read them from JSON.
type (
	plainGrid Grid
	plainCell Cell
)

// UnmarshalJSON reads a grid. Fields that no grid has are errors.
func (g *Grid) UnmarshalJSON(text []byte) error {
	var read struct {
		plainGrid
		legacyGrid
	}
	if err := strictly(text, &read); err != nil {
		return err
	}
	if read.Budgets != nil && len(read.Budgets) == 0 {
		return input.Errorf("budgets", "none, want at least one")
	}
	*g = Grid(read.plainGrid)
	for _, old := range []struct {
		field, param string
		is           bool
	}{{"budgets", "budget", read.Budgets != nil}, {"blocks", "block", read.Blocks != nil}, {"window", "window", read.Window != nil}} {
		if old.is && len(g.Params[old.param]) > 0 {
			return input.Errorf(old.field, "stands beside %s among the params, want one or the other", old.param)
		}
	}
	g.Params = read.sweep(g.Params)
	return nil
}

// UnmarshalJSON reads a cell. Fields that no cell has are errors.
func (c *Cell) UnmarshalJSON(text []byte) error {
	var read struct {
		plainCell
		Params *sparse.Setting `json:"params"`
		Budget *float64        `json:"budget"`
		Block  int             `json:"block"`
		Window int             `json:"window"`
	}
	if err := strictly(text, &read); err != nil {
		return err
	}
	*c = Cell(read.plainCell)
	switch {
	case read.Params != nil:
		c.Params = *read.Params
	case read.Budget == nil:
		return input.Errorf("params", "missing, want the parameters of %s", c.Method)
	case !(*read.Budget > 0 && *read.Budget <= 1):
		return input.Errorf("budget", "%v, want above 0 and at most 1", *read.Budget)
	default:
		c.Params = LegacyParams(c.Method, *read.Budget, read.Block, read.Window)
	}
	return nil
}

func strictly(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// LegacyParams are the parameters of a cell that was written when a budget, a block and
// a window were all it could have: 0 for the last two was the default, or that the
// method has none.
func LegacyParams(method string, budget float64, block, window int) sparse.Setting {
	c := sparse.Config{Method: method}.With("budget", sparse.FormatBudget(budget))
	if block != 0 {
		c = c.With("block", strconv.Itoa(block))
	}
	if window != 0 {
		c = c.With("window", strconv.Itoa(window))
	}
	if setting, err := c.Setting(); err == nil {
		return setting
	}
	return c.Values.Setting() // of a method that there is no more
}
