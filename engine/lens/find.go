package lens

import (
	"fmt"
	keys "maps"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/pattern"
)

// weightsName is the tensor of heads that are known by their weights.
const weightsName = "attention"

// wanted says what attention maps are to be called and shaped like.
const wanted = "want attention [layers, heads, queries, keys] after the softmax, or an array [heads, queries, keys] for each layer with its number in the name"

// maps are attention maps as a file has them: by layer the parts [H, N, T] whose rows
// stand under each other, of which a run of generate() has one a step.
type maps struct {
	name   string // what to call them in messages
	layers [][]part
}

// part is weights in a tensor, of which nothing is read before it is asked for.
type part struct {
	name  string
	dtype checkpoint.DType
	shape []int
	first int // element of the tensor that it begins with
	read  func(at, n int) (checkpoint.Tensor, error)
}

// partsOf are the tensors of that name: one, or those that NumPy saved as an array of
// arrays.
func partsOf(f *checkpoint.File, name string) ([]part, error) {
	if dtype, shape, ok := f.Shape(name); ok {
		read := func(at, n int) (checkpoint.Tensor, error) { return f.Range(name, at, n) }
		return []part{{name: name, dtype: dtype, shape: shape, read: read}}, nil
	}
	tensors, err := f.Parts(name)
	if err != nil {
		return nil, err
	}
	var out []part
	for _, t := range tensors {
		read := func(at, n int) (checkpoint.Tensor, error) { return t.Range(at, n), nil }
		out = append(out, part{name: t.Name, dtype: t.DType, shape: t.Shape, read: read})
	}
	return out, nil
}

// entry is the part of p at i of its first axis.
func (p part) entry(i int) part {
	n := 1
	for _, size := range p.shape[1:] {
		n *= size
	}
	p.first, p.shape = p.first+i*n, p.shape[1:]
	return p
}

// rows reads one head of p [H, N, T], in its own type: [N, T].
func (p part) rows(head int) (checkpoint.Tensor, error) {
	p = p.entry(head)
	t, err := p.read(p.first, p.shape[0]*p.shape[1])
	t.Shape = p.shape
	return t, err
}

// HasMaps reports whether f holds attention maps under a name that says so.
func HasMaps(f *checkpoint.File) bool { return mapsName(f) != "" }

// mapsName is the name that the attention maps of f have, "" where they have none for all of
// them: transformers returns them as attentions.
func mapsName(f *checkpoint.File) string {
	for _, name := range []string{weightsName, "attentions"} {
		if f.Has(name) {
			return name
		}
	}
	return ""
}

// findMaps looks for attention maps: by name, else by numbered names.
func findMaps(f *checkpoint.File) (maps, error) {
	family, err := findNames(f)
	if err != nil {
		return maps{}, err
	}
	var parts []part
	for _, name := range family.names {
		more, err := partsOf(f, name)
		if err != nil {
			return maps{}, err
		}
		parts = append(parts, more...)
	}
	return arrange(family.pattern, parts)
}

// findNames finds the tensors of f that are attention maps.
func findNames(f *checkpoint.File) (family, error) {
	if name := mapsName(f); name != "" {
		return family{pattern: name, names: []string{name}}, nil
	}
	return numbered(f)
}

// Beside lists the tensors of a file with attention maps that are none of them.
func Beside(f *checkpoint.File) []string {
	family, err := findNames(f)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.Names()), func(name string) bool { return slices.Contains(family.names, name) })
}

// family is tensors whose names differ in a number alone, in its order.
type family struct {
	pattern string // the name with # for the number
	names   []string
}

var number = pattern.Of(`[0-9]+`)

// numbered finds the one family of a file that may be maps.
func numbered(f *checkpoint.File) (family, error) {
	byPattern := map[string]map[int]string{}
	for _, name := range f.Names() {
		at := number().FindStringIndex(name)
		if at == nil || !f.Ranked(name, 3, 5) {
			continue
		}
		n, err := strconv.Atoi(name[at[0]:at[1]])
		if err != nil {
			continue
		}
		pattern := name[:at[0]] + "#" + name[at[1]:]
		if byPattern[pattern] == nil {
			byPattern[pattern] = map[int]string{}
		}
		byPattern[pattern][n] = name
	}
	var patterns, named []string
	for pattern := range byPattern {
		patterns = append(patterns, pattern)
		if strings.Contains(pattern, "att") {
			named = append(named, pattern)
		}
	}
	if len(named) == 1 {
		patterns = named
	}
	if len(patterns) != 1 {
		return family{}, fmt.Errorf("the file has %s; %s", f.Contents(), wanted)
	}
	return inOrder(patterns[0], byPattern[patterns[0]])
}

// inOrder lists the members of a family, whose numbers begin at 0 or 1 and leave none out.
func inOrder(pattern string, members map[int]string) (family, error) {
	out, numbers := family{pattern: pattern}, slices.Sorted(keys.Keys(members))
	for i, n := range numbers {
		if n != i+min(numbers[0], 1) {
			return family{}, fmt.Errorf("%s: the numbers are %s, want each from 0 or 1 on: save all layers, or name these from 0", pattern, strings.Trim(fmt.Sprint(numbers), "[]"))
		}
		out.names = append(out.names, members[n])
	}
	return out, nil
}

// arrange says what parts are: all layers in one, a layer each, or a step each.
func arrange(name string, parts []part) (maps, error) {
	for i, p := range parts {
		var err error
		if parts[i], err = squeezed(p); err != nil {
			return maps{}, err
		}
		if rank := len(parts[i].shape); rank != len(parts[0].shape) {
			return maps{}, fmt.Errorf("%s has shape %v beside %v", p.name, p.shape, parts[0].shape)
		}
		if slices.Contains(parts[i].shape, 0) {
			return maps{}, fmt.Errorf("%s has shape %v, want at least one of each", p.name, p.shape)
		}
	}
	if len(parts) > 1 && slices.Equal(parts[0].shape, parts[1].shape) {
		return layerwise(name, parts)
	}
	return stepwise(name, parts)
}

// squeezed is p, [layers, heads, queries, keys] or [heads, queries, keys], without the
// axis of a batch of one.
func squeezed(p part) (part, error) {
	if len(p.shape) == 5 {
		axis := slices.Index(p.shape[:2], 1)
		if axis < 0 {
			return p, fmt.Errorf("%s has shape %v, want [layers, heads, queries, keys]: of a batch save one prompt, %s[:, 0]", p.name, p.shape, p.name)
		}
		p.shape = slices.Delete(slices.Clone(p.shape), axis, axis+1)
	}
	if rank := len(p.shape); rank != 3 && rank != 4 {
		return p, fmt.Errorf("%s has shape %v, want [layers, heads, queries, keys]", p.name, p.shape)
	}
	return p, nil
}

// layerwise is parts of one shape, a layer each.
func layerwise(name string, parts []part) (maps, error) {
	out := maps{name: name}
	for _, p := range parts {
		if !slices.Equal(p.shape, parts[0].shape) {
			return out, fmt.Errorf("%s has shape %v beside %v of %s", p.name, p.shape, parts[0].shape, parts[0].name)
		}
		if len(p.shape) == 4 {
			if p.shape[0] != 1 {
				return out, fmt.Errorf("%s has shape %v, want [heads, queries, keys]: of a batch save one prompt, %s[0]", p.name, p.shape, p.name)
			}
			p = p.entry(0)
		}
		out.layers = append(out.layers, []part{p})
	}
	return out, nil
}

// stepwise is parts of which each has all layers, and as many keys more than the one
// before as it has queries.
func stepwise(name string, parts []part) (maps, error) {
	out := maps{name: name}
	for i, p := range parts {
		if len(p.shape) == 3 {
			p.shape = append([]int{1}, p.shape...)
		}
		if i == 0 {
			out.layers = make([][]part, p.shape[0])
		}
		if len(out.layers) != p.shape[0] {
			return out, fmt.Errorf("%s has shape %v beside %v", p.name, p.shape, parts[0].shape)
		}
		for l := range out.layers {
			next := p.entry(l)
			if i > 0 {
				if last := out.layers[l][i-1]; next.shape[0] != last.shape[0] || next.shape[2] != last.shape[2]+next.shape[1] {
					return out, fmt.Errorf("%s has shape %v after %v of %s: want arrays of one shape, a layer each, or the steps of generate(), each with as many keys more as it has queries", p.name, p.shape, parts[i-1].shape, parts[i-1].name)
				}
			}
			out.layers[l] = append(out.layers[l], next)
		}
	}
	return out, nil
}
