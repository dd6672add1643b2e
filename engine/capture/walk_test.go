package capture

import (
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input/inputtest"
)

// TestBrokenCaptures breaks queries and keys in both forms, and reads every head of what is
// left.
func TestBrokenCaptures(t *testing.T) {
	const heads, kvHeads, queries, length, dim = 4, 2, 5, 7, 3
	q, k := ramp(heads*queries*dim), ramp(kvHeads*length*dim)
	for name, good := range map[string][]byte{
		"stacked": file(t, nil, f32("q", q, 1, heads, queries, dim), f32("k", k, 1, kvHeads, length, dim)),
		"apart":   file(t, nil, f32("layers.0.q", q, heads, queries, dim), f32("layers.0.k", k, kvHeads, length, dim)),
	} {
		inputtest.Broken(t, name, good, 1<<20, 400, func(data []byte) error {
			f, err := checkpoint.Parse(data)
			if err != nil {
				return err
			}
			c, err := Read(f, nil)
			if err != nil {
				return err
			}
			for l := range c.Layers {
				for h := range c.Heads {
					if _, err := c.Query(l, h); err != nil {
						return err
					}
					if _, err := c.Keys(l, h); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}
