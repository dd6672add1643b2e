package experiment

import (
	"context"
	"fmt"

	"kvscope/engine/input"
	"kvscope/engine/run"
)

// Checker says what it would refuse of a request without running it; *run.Engine does.
type Checker interface {
	Check(req run.Request) error
}

// Check looks at the first example of every combination among cells, and blames the
// list of the grid for the first that cannot run.
func Check(ctx context.Context, r Checker, cells []Cell) error {
	seen := map[Cell]bool{}
	for _, c := range cells {
		combination := c
		combination.First, combination.Examples, combination.SelectorSeed = 0, 0, 0
		if seen[combination] {
			continue
		}
		seen[combination] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.Check(c.Request(0)); err != nil {
			return refused(c, err)
		}
	}
	return nil
}

// refused says which combination cannot run, and blames the list of the grid.
func refused(c Cell, err error) error {
	field := input.Field(err)
	if field == "" {
		return fmt.Errorf("%s, %s, %s: %w", c.Model, c.Task, c.Method, err)
	}
	return input.Errorf(input.Field(listed(err)), "%s cannot run %s with %s: %v", c.Model, c.Task, c.Method, err)
}
