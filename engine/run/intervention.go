package run

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// What methods select by and attention computes with.
const (
	WithMemory = "memory" // K~ and V~
	WithPlain  = "plain"  // K and V
)

// intervention is the intervention that r asks for on a model that has a memory or not, nil
// for none.
func (r Request) intervention(has bool) (*model.Intervention, error) {
	m := &model.Intervention{Strength: 1}
	if s := r.MemoryStrength; s != nil {
		if !(*s >= 0 && *s <= 1) {
			return nil, input.Errorf("memory_strength", "%v, want 0 (no memory) to 1 (as trained)", *s)
		}
		m.Strength = float32(*s)
	}
	if n := r.MemoryCap; n != nil {
		if *n < 1 {
			return nil, input.Errorf("memory_cap", "%d, want at least 1 token, or none for no cap; without a memory is memory_strength 0", *n)
		}
		m.Cap = *n
	}
	for _, f := range []struct {
		name, value string
		plain       *bool
	}{{"select_with", r.SelectWith, &m.SelectPlain}, {"compute_with", r.ComputeWith, &m.ComputePlain}} {
		switch f.value {
		case "", WithMemory:
		case WithPlain:
			*f.plain = true
		default:
			return nil, input.Errorf(f.name, "%q, want %s or %s", f.value, WithMemory, WithPlain)
		}
	}
	if *m == (model.Intervention{Strength: 1}) {
		return nil, nil
	}
	if !has {
		field := "memory_strength"
		switch {
		case r.MemoryCap != nil:
			field = "memory_cap"
		case m.SelectPlain:
			field = "select_with"
		case m.ComputePlain:
			field = "compute_with"
		}
		return nil, input.Errorf(field, "%s has no memory, leave it out", r.Model)
	}
	return m, nil
}

// interventionOf describes for the header where the run departs from how the model was
// trained, m, and from the method's own choices, e; nil when it does not.
func interventionOf(e sparse.Edit, m *model.Intervention) *trace.Intervention {
	if m == nil && e.Empty() {
		return nil
	}
	c := &trace.Intervention{Strength: 1, SelectWith: WithMemory, ComputeWith: WithMemory, Force: e.Force, Drop: e.Drop}
	if m != nil {
		c.Strength, c.Cap = float64(m.Strength), m.Cap
		if m.SelectPlain {
			c.SelectWith = WithPlain
		}
		if m.ComputePlain {
			c.ComputeWith = WithPlain
		}
	}
	return c
}

// edit parses the blocks that r forces into the choices of the method or drops from them,
// over a prompt of so many tokens in blocks of that size.
func (r Request) edit(tokens, block int) (sparse.Edit, error) {
	var e sparse.Edit
	last := (tokens - 1) / block
	for _, f := range []struct {
		name, text string
		blocks     *[]int
	}{{"force", r.Force, &e.Force}, {"drop", r.Drop, &e.Drop}} {
		if f.text == "" {
			continue
		}
		for word := range strings.SplitSeq(f.text, ",") {
			b, err := strconv.Atoi(strings.TrimSpace(word))
			if err != nil || b < 0 || b > last {
				return e, input.Errorf(f.name, "%q, want blocks of the prompt, 0 to %d, with commas between them", word, last)
			}
			if f.name == "drop" && slices.Contains(e.Force, b) {
				return e, input.Errorf(f.name, "block %d is forced too, want one or the other", b)
			}
			*f.blocks = append(*f.blocks, b)
		}
	}
	return e, nil
}
