package state

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Sides is the most columns there are; the first two always are.
const Sides = 4

// ColumnSpec names the model of a column, and its method and the use of its memory where they
// differ from the form. As a field of the form and in a link it is "NAME", "NAME:moba" or
// "NAME:quest:plain/memory".
type ColumnSpec struct {
	Model  string
	Method string // the form's when empty
	Memory string // one of Memories, as the form has it when empty
}

// AsTrained lets a column's memory be, whatever the form says.
const AsTrained = "trained"

// Memories lists what a column may do with its memory: what methods select by and
// attention computes with.
func Memories() []string {
	return []string{AsTrained, "memory/memory", "plain/memory", "memory/plain", "plain/plain"}
}

// String writes s as a field of the form.
func (s ColumnSpec) String() string {
	return strings.TrimRight(s.Model+":"+s.Method+":"+s.Memory, ":")
}

// ParseColumn reads what String wrote. What it cannot use is dropped.
func ParseColumn(text string) ColumnSpec {
	var s ColumnSpec
	s.Model, text, _ = strings.Cut(text, ":")
	s.Method, s.Memory, _ = strings.Cut(text, ":")
	if _, ok := sparse.Method(s.Method); !ok {
		s.Method = ""
	}
	if !slices.Contains(Memories(), s.Memory) {
		s.Memory = ""
	}
	return s
}

// columnFields are the fields of the columns, from left to right.
var columnFields = [Sides]string{"left", "right", "third", "fourth"}

// ColumnField is the field of a column.
func ColumnField(side int) string { return columnFields[side] }

// Column is the form's entry for a column, without a model when there is no such column.
func (f Form) Column(side int) ColumnSpec { return ParseColumn(f.Get(columnFields[side])) }

// Model is the model of a column.
func (f Form) Model(side int) string { return f.Column(side).Model }

// Columns is the number of columns.
func (f Form) Columns() int {
	n := 2
	for n < Sides && f.Model(n) != "" {
		n++
	}
	return n
}

// ColumnRequest reads the form for a column whose model has a memory or not.
func (f Form) ColumnRequest(side int, memory bool, longest int) (run.Request, Problems) {
	spec := f.Column(side)
	if spec.Method != "" && spec.Method != f.Method {
		f.Method = spec.Method
		if info, _ := sparse.Method(f.Method); !info.Random {
			f.Selector = sparse.SelectorOwn
		}
	}
	r, p := f.Request(spec.Model, longest)
	q := f.memory(&r, spec.Memory)
	if !memory {
		r.MemoryStrength, r.MemoryCap, r.SelectWith, r.ComputeWith = nil, nil, "", ""
	}
	maps.Copy(p, q)
	return r, p
}

// unprompted leaves the prompt out of a request, and out of its problems: a capture has the
// prompt that it was taken of.
func unprompted(r run.Request, p Problems) run.Request {
	r.Task, r.Seed, r.Context, r.Depth, r.Prose = "", 0, nil, nil, ""
	r.Text, r.Key, r.Value, r.Prompt = "", "", "", ""
	for _, name := range []string{"task", "seed", "context", "depth", "prose", "asks", "text", "key", "value", "questions", "prompt"} {
		delete(p, name)
	}
	return r
}

// memory reads what concerns the memory.
func (f Form) memory(r *run.Request, kind string) Problems {
	p := Problems{}
	if kind == AsTrained {
		return p
	}
	if s := strings.TrimSpace(f.Strength); s != "" && s != "1" {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= 0 && v <= 1) {
			p["memory_strength"] = fmt.Sprintf("%q is not within 0 (no memory) and 1 (as trained)", f.Strength)
		}
		r.MemoryStrength = &v
	}
	r.MemoryCap = Whole(p, "memory_cap", f.Cap, 1, 1<<20)
	selects, computes := f.SelectWith, f.ComputeWith
	if kind != "" {
		selects, computes, _ = strings.Cut(kind, "/")
	}
	for _, x := range []struct {
		name, value string
		to          *string
	}{{"select_with", selects, &r.SelectWith}, {"compute_with", computes, &r.ComputeWith}} {
		switch x.value {
		case "", run.WithMemory:
		case run.WithPlain:
			*x.to = run.WithPlain
		default:
			p[x.name] = fmt.Sprintf("%q, choose memory or plain", x.value)
		}
	}
	return p
}

// Swap is the form with four columns of one model, one for each pairing of what its
// method selects by and what its attention computes with.
func (f Form) Swap(model string) Form {
	for side, memory := range []string{"memory/memory", "plain/memory", "memory/plain", "plain/plain"} {
		f = f.With(columnFields[side], ColumnSpec{Model: model, Memory: memory}.String())
	}
	return f
}

// Edits reports whether a request forces or drops blocks.
func Edits(r run.Request) bool { return r.Force != "" || r.Drop != "" }

// Unedited is r with no block forced or dropped.
func Unedited(r run.Request) run.Request {
	r.Force, r.Drop = "", ""
	return r
}
