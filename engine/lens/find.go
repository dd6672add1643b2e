package lens

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
)

// weightsName is the tensor of heads that are known by their weights.
const weightsName = "attention"

// wanted says what attention maps are to be called and shaped like.
const wanted = "want attention [layers, heads, queries, keys] after the softmax, or an array [heads, queries, keys] for each layer with its number in the name"

// maps are attention maps as a file has them: by layer the tensors [H, N, T] whose rows
// stand under each other, of which a run of generate() has one a step.
type maps struct {
	name   string // what to call them in messages
	layers [][]checkpoint.Tensor
}

// findMaps looks for attention maps: by name, else by numbered names.
func findMaps(f *checkpoint.File) (maps, error) {
	for _, name := range []string{weightsName, "attentions"} {
		if f.Has(name) {
			parts, err := f.Parts(name)
			if err != nil {
				return maps{}, err
			}
			return arrange(name, parts)
		}
	}
	family, err := numbered(f)
	if err != nil {
		return maps{}, err
	}
	var parts []checkpoint.Tensor
	for _, name := range family.names {
		t, err := f.Tensor(name)
		if err != nil {
			return maps{}, err
		}
		parts = append(parts, t)
	}
	return arrange(family.pattern, parts)
}

// family is tensors whose names differ in a number alone, in its order.
type family struct {
	pattern string // the name with # for the number
	names   []string
}

var number = regexp.MustCompile(`[0-9]+`)

// numbered finds the one family of a file that may be maps.
func numbered(f *checkpoint.File) (family, error) {
	byPattern := map[string]map[int]string{}
	for _, name := range f.Names() {
		at := number.FindStringIndex(name)
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
	first := 0
	if _, ok := members[0]; !ok {
		first = 1
	}
	out := family{pattern: pattern}
	for n := first; n < first+len(members); n++ {
		name, ok := members[n]
		if !ok {
			return family{}, fmt.Errorf("%s: number %d of %d is missing", pattern, n, len(members))
		}
		out.names = append(out.names, name)
	}
	return out, nil
}

// arrange says what parts are: all layers in one, a layer each, or a step each.
func arrange(name string, parts []checkpoint.Tensor) (maps, error) {
	for i, t := range parts {
		var err error
		if parts[i], err = squeezed(t); err != nil {
			return maps{}, err
		}
		if rank := len(parts[i].Shape); rank != len(parts[0].Shape) {
			return maps{}, fmt.Errorf("%s has shape %v beside %v", t.Name, t.Shape, parts[0].Shape)
		}
		if parts[i].Len() == 0 {
			return maps{}, fmt.Errorf("%s has shape %v, want at least one of each", t.Name, t.Shape)
		}
	}
	if len(parts) > 1 && slices.Equal(parts[0].Shape, parts[1].Shape) {
		return layerwise(name, parts)
	}
	return stepwise(name, parts)
}

// squeezed is t, [layers, heads, queries, keys] or [heads, queries, keys], without the
// axis of a batch of one.
func squeezed(t checkpoint.Tensor) (checkpoint.Tensor, error) {
	if len(t.Shape) == 5 {
		axis := slices.Index(t.Shape[:2], 1)
		if axis < 0 {
			return t, fmt.Errorf("%s has shape %v, want [layers, heads, queries, keys]: of a batch save one prompt, %s[:, 0]", t.Name, t.Shape, t.Name)
		}
		t.Shape = slices.Delete(slices.Clone(t.Shape), axis, axis+1)
	}
	if rank := len(t.Shape); rank != 3 && rank != 4 {
		return t, fmt.Errorf("%s has shape %v, want [layers, heads, queries, keys]", t.Name, t.Shape)
	}
	return t, nil
}

// layerwise is parts of one shape, a layer each.
func layerwise(name string, parts []checkpoint.Tensor) (maps, error) {
	out := maps{name: name}
	for _, t := range parts {
		if !slices.Equal(t.Shape, parts[0].Shape) {
			return out, fmt.Errorf("%s has shape %v beside %v of %s", t.Name, t.Shape, parts[0].Shape, parts[0].Name)
		}
		if len(t.Shape) == 4 {
			if t.Shape[0] != 1 {
				return out, fmt.Errorf("%s has shape %v, want [heads, queries, keys]: of a batch save one prompt, %s[0]", t.Name, t.Shape, t.Name)
			}
			t = entry(t, 0)
		}
		out.layers = append(out.layers, []checkpoint.Tensor{t})
	}
	return out, nil
}

// stepwise is parts of which each has all layers, and as many keys more than the one
// before as it has queries.
func stepwise(name string, parts []checkpoint.Tensor) (maps, error) {
	out := maps{name: name}
	for i, t := range parts {
		if len(t.Shape) == 3 {
			t.Shape = append([]int{1}, t.Shape...)
		}
		if i == 0 {
			out.layers = make([][]checkpoint.Tensor, t.Shape[0])
		}
		if len(out.layers) != t.Shape[0] {
			return out, fmt.Errorf("%s has shape %v beside %v", t.Name, t.Shape, parts[0].Shape)
		}
		for l := range out.layers {
			next := entry(t, l)
			if i > 0 {
				if last := out.layers[l][i-1]; next.Shape[0] != last.Shape[0] || next.Shape[2] != last.Shape[2]+next.Shape[1] {
					return out, fmt.Errorf("%s has shape %v after %v of %s: want arrays of one shape, a layer each, or the steps of generate(), each with as many keys more as it has queries", t.Name, t.Shape, parts[i-1].Shape, parts[i-1].Name)
				}
			}
			out.layers[l] = append(out.layers[l], next)
		}
	}
	return out, nil
}

// entry is the part of t at i of its first axis.
func entry(t checkpoint.Tensor, i int) checkpoint.Tensor {
	n := len(t.Data) / t.Shape[0]
	t.Data, t.Shape = t.Data[i*n:(i+1)*n], t.Shape[1:]
	return t
}
