package lesson

import (
	"fmt"

	"kvscope/engine/trace"
)

// Claim is something that a step says of the runs on its screen, by column.
type Claim interface {
	// Check says what is otherwise, nil when it is so.
	Check(runs []*trace.Run) error
}

// Right claims that the answer of a column is wholly right.
type Right struct{ Column int }

// Wrong claims that the answer of a column is not wholly right.
type Wrong struct{ Column int }

// Hits claims how many heads of a column selected the needle at every answer step.
type Hits struct{ Column, Least, Most int }

// Hit claims that one head of a column did.
type Hit struct{ Column, Layer, Head int }

// Missed claims that one head of a column did not.
type Missed struct{ Column, Layer, Head int }

// Reads claims between which shares of the entries a query of a column reads.
type Reads struct {
	Column      int
	Least, Most float64
}

// Sees claims the least share of its attention that a head of a column gives, at every
// answer step, to the blocks that the answer is copied from.
type Sees struct {
	Column, Layer, Head int
	Least               float64
}

// Expects claims how many tokens the answer of a column should have, its end included.
type Expects struct{ Column, Least, Most int }

// More claims that more heads of one column hit than of another.
type More struct{ Column, Than int }

// Check implements Claim.
func (c Right) Check(runs []*trace.Run) error {
	if d := runs[c.Column].Done; d.Score < 1 {
		return fmt.Errorf("column %d answers %q, not right", c.Column, d.Answer)
	}
	return nil
}

// Check implements Claim.
func (c Wrong) Check(runs []*trace.Run) error {
	if d := runs[c.Column].Done; d.Score == 1 {
		return fmt.Errorf("column %d answers %q, which is right", c.Column, d.Answer)
	}
	return nil
}

// Check implements Claim.
func (c Hits) Check(runs []*trace.Run) error {
	if n := hits(runs[c.Column]); n < c.Least || n > c.Most {
		return fmt.Errorf("column %d: %d heads hit, not %d to %d", c.Column, n, c.Least, c.Most)
	}
	return nil
}

// Check implements Claim.
func (c Hit) Check(runs []*trace.Run) error {
	if !hit(runs[c.Column], c.Layer, c.Head) {
		return fmt.Errorf("column %d: layer %d head %d misses", c.Column, c.Layer, c.Head)
	}
	return nil
}

// Check implements Claim.
func (c Missed) Check(runs []*trace.Run) error {
	if hit(runs[c.Column], c.Layer, c.Head) {
		return fmt.Errorf("column %d: layer %d head %d hits", c.Column, c.Layer, c.Head)
	}
	return nil
}

// Check implements Claim.
func (c Reads) Check(runs []*trace.Run) error {
	if f := runs[c.Column].Done.ReadFraction; f < c.Least || f > c.Most {
		return fmt.Errorf("column %d reads %g, not %g to %g", c.Column, f, c.Least, c.Most)
	}
	return nil
}

// Check implements Claim.
func (c Expects) Check(runs []*trace.Run) error {
	if n := len(runs[c.Column].Header.Answer); n < c.Least || n > c.Most {
		return fmt.Errorf("column %d: an answer of %d tokens, not %d to %d", c.Column, n, c.Least, c.Most)
	}
	return nil
}

// Check implements Claim.
func (c More) Check(runs []*trace.Run) error {
	if a, b := hits(runs[c.Column]), hits(runs[c.Than]); a <= b {
		return fmt.Errorf("column %d: %d heads hit, not more than the %d of column %d", c.Column, a, b, c.Than)
	}
	return nil
}

// Check implements Claim.
func (c Sees) Check(runs []*trace.Run) error {
	r, looked := runs[c.Column], 0
	for _, s := range r.Selections {
		if s.Layer != c.Layer || s.Head != c.Head || s.Step < 0 || s.Step >= len(r.Header.Gold) || len(s.Mass) == 0 {
			continue
		}
		gold := r.Header.Gold[s.Step]
		if gold < 0 {
			continue
		}
		looked++
		if share := float64(s.Mass[gold/s.Unit]); share < c.Least {
			return fmt.Errorf("column %d: at step %d layer %d head %d gives %g to the answer's block, not %g", c.Column, s.Step, c.Layer, c.Head, share, c.Least)
		}
	}
	if looked == 0 {
		return fmt.Errorf("column %d: no step of layer %d head %d has an answer to see", c.Column, c.Layer, c.Head)
	}
	return nil
}

func hits(r *trace.Run) int {
	n := 0
	for _, h := range r.Done.Hits {
		if h.Hit {
			n++
		}
	}
	return n
}

func hit(r *trace.Run, layer, head int) bool {
	for _, h := range r.Done.Hits {
		if h.Layer == layer && h.Head == head {
			return h.Hit
		}
	}
	return false
}
