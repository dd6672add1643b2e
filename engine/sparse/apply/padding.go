package apply

import (
	"fmt"
	"slices"
	"strconv"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
)

// maskNames are the names of a mask of padding in files.
var maskNames = []string{"attention_mask", "mask"}

// padding is how many of the first and of the last positions hold no token.
type padding struct{ left, right int }

// readPadding finds what of keys positions is padding. Option says it: how many of the
// first ones, the name of an array of f, or a file that has one; without it the
// array is there under one of its usual names or there is no padding. A mask is 1 for a
// token and 0 for padding.
func (s *settings) readPadding(option string, keys int) (padding, error) {
	if n, err := strconv.Atoi(option); err == nil {
		if n < 0 || n >= keys {
			return padding{}, input.Errorf("mask", "the first %d positions, want 0 to %d of k's %d", n, keys-1, keys)
		}
		return padding{left: n}, nil
	}
	names := maskNames
	f := s.file
	if option != "" {
		names = []string{option}
		if !f.Has(option) {
			other, err := checkpoint.Open(option)
			if err != nil {
				return padding{}, input.Errorf("mask", "%q, want how many of the first positions are padding, the name of an array in the file, or a file with %s", option, maskNames[0])
			}
			defer other.Close()
			f, names = other, maskNames
		}
	}
	i := slices.IndexFunc(names, func(name string) bool { return f.Has(name) && (f != s.file || !s.absent(name)) })
	switch {
	case i < 0 && option == "":
		return padding{}, nil
	case i < 0:
		return padding{}, input.Errorf("mask", "%s has no %s, it has %s", option, maskNames[0], f.Contents())
	}
	if f == s.file {
		s.used[names[i]] = true
	}
	t, err := f.Tensor(names[i])
	if err != nil {
		return padding{}, err
	}
	return paddingOf(t, keys)
}

// paddingOf reads a mask, of which axes of one may be left out.
func paddingOf(t checkpoint.Tensor, keys int) (padding, error) {
	shape := slices.DeleteFunc(slices.Clone(t.Shape), func(n int) bool { return n == 1 })
	if t.Len() != keys || keys > 1 && len(shape) != 1 {
		return padding{}, fmt.Errorf("mask %q has shape %v, want one number for each of k's %d positions, 1 for a token and 0 for padding; --mask 0 reads none", t.Name, t.Shape, keys)
	}
	x, err := t.Float32()
	if err != nil {
		whole, err := t.Int64()
		if err != nil {
			return padding{}, err
		}
		x = make([]float32, len(whole))
		for i, v := range whole {
			x[i] = float32(v)
		}
	}
	for i, v := range x {
		if v != 0 && v != 1 {
			return padding{}, fmt.Errorf("mask %q is %g at position %d, want 1 for a token or 0 for padding", t.Name, v, i)
		}
	}
	first := slices.Index(x, 1)
	if first < 0 {
		return padding{}, fmt.Errorf("mask %q is 0 everywhere, want 1 for tokens", t.Name)
	}
	end := len(x)
	for x[end-1] == 0 {
		end--
	}
	if hole := slices.Index(x[first:end], 0); hole >= 0 {
		return padding{}, fmt.Errorf("mask %q is 0 at position %d, between tokens: padding is read at the beginning and the end only", t.Name, first+hole)
	}
	return padding{left: first, right: len(x) - end}, nil
}

// cut leaves the positions of tokens in the keys, the values and the queries, which
// are padded as the keys are where they are as many, and else the last ones of tokens.
// What is left must be numbers.
func (w *work) cut() error {
	p, n := w.padding, w.keys.rows
	tokens := n - p.left - p.right
	from, to := p.left, n-p.right
	if w.q.rows < n {
		from, to = max(0, w.q.rows-tokens), w.q.rows
	}
	w.keys, w.q = w.keys.between(p.left, n-p.right), w.q.between(from, to)
	if w.values.count > 0 {
		w.values = w.values.between(p.left, n-p.right)
	}
	if err := w.keys.finite("k", p.left); err != nil {
		return err
	}
	if err := w.q.finite("q", n-p.right-w.q.rows); err != nil {
		return err
	}
	return w.values.finite("v", p.left)
}

// between is the rows from lo up to hi.
func (t heads) between(lo, hi int) heads {
	if lo == 0 && hi == t.rows {
		return t
	}
	out := heads{count: t.count, rows: hi - lo, size: t.size}
	for h := range t.count {
		out.data = append(out.data, t.data[(h*t.rows+lo)*t.size:(h*t.rows+hi)*t.size]...)
	}
	return out
}

// finite refuses NaN, Inf and what overflows, with their place in the file, whose first row here is at
// position first.
func (t heads) finite(name string, first int) error {
	bad := make([]bool, t.rows)
	var found error
	most := capture.Most(t.size)
	for i, v := range t.data {
		if want := capture.Wanted(v, most); want != "" {
			head, row := i/t.size/t.rows, i/t.size%t.rows
			bad[row] = true
			if found == nil {
				found = fmt.Errorf("tensor %q is %g at head %d, position %d, channel %d, want %s", name, v, head, first+row, i%t.size, want)
			}
		}
	}
	if found == nil {
		return nil
	}
	// Such numbers come from left padding more often than from anything else.
	if n := slices.Index(bad, false); n > 0 && first == 0 && !slices.Contains(bad[n:], true) {
		return fmt.Errorf("%w: are the first %d positions padding? --mask %d leaves them out, as a mask of padding in the file does (attention_mask, 0 for padding)", found, n, n)
	}
	return fmt.Errorf("%w: leave padding out (--mask), and save numbers that overflow float16 as float32", found)
}
