package experiment

import (
	"fmt"
	"math"
	"unicode/utf8"

	"kvscope/engine/run"
)

// maxWord bounds the words of an outcome, in bytes.
const maxWord = 100

// maxLayout bounds layers, and heads of a layer, so that their product is a number.
const maxLayout = 1 << 16

// Validate reports the first field of o that an outcome of c cannot have, by one of the
// models that c may be of. Outcomes come from workers, which may be anyone's.
func (o *Outcome) Validate(c Cell, models []run.ModelInfo) error {
	m, err := modelNamed(models, c.Model)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	hash, err := m.Fingerprint()
	if err != nil {
		return fmt.Errorf("model %s: %w", c.Model, err)
	}
	switch {
	case hash != c.ModelHash:
		return fmt.Errorf("model_hash: %q, %s is %s here", c.ModelHash, c.Model, hash)
	case o.Arch != m.Arch || o.Layers != m.Layers || o.Heads != m.Heads:
		return fmt.Errorf("arch: %q of %d layers and %d heads, %s is %q of %d and %d", o.Arch, o.Layers, o.Heads, c.Model, m.Arch, m.Layers, m.Heads)
	case o.Title != "" && o.Title != m.Title:
		return fmt.Errorf("title: %q, %s is %q", o.Title, c.Model, m.Title)
	case o.Memory && !m.Memory:
		return fmt.Errorf("memory: %s has none", c.Model)
	}
	return o.Check(c.Examples)
}

// MaxSeconds bounds the time that a cell may say it took, 31 years.
const MaxSeconds = 1e9

// Check reports the first field of o that no outcome of so many examples can have, whatever
// the model.
func (o *Outcome) Check(examples int) error {
	switch {
	case o.Layers < 1 || o.Heads < 1 || o.Layers > maxLayout || o.Heads > maxLayout:
		return fmt.Errorf("layers, heads: %d and %d, want 1 to %d", o.Layers, o.Heads, maxLayout)
	case len(o.Kernels) > maxWord || !utf8.ValidString(o.Kernels):
		return fmt.Errorf("kernels: %d bytes, want at most %d of text", len(o.Kernels), maxWord)
	case o.Block < 0 || o.K < 0 || o.Block > math.MaxInt32 || o.K > math.MaxInt32:
		return fmt.Errorf("block, k: %d and %d, want 0 to %d", o.Block, o.K, math.MaxInt32)
	case !(o.Seconds >= 0 && o.Seconds <= MaxSeconds):
		return fmt.Errorf("seconds: %v, want 0 to %v", o.Seconds, MaxSeconds)
	case !isShare(o.Read):
		return fmt.Errorf("kv_read_fraction: %v, want 0 to 1", o.Read)
	case examples < 1 || examples > ChunkExamples:
		return fmt.Errorf("examples: %d, want 1 to %d", examples, ChunkExamples)
	}
	return o.validateLists(examples)
}

// validateLists checks what there is one of by example or by head.
func (o *Outcome) validateLists(examples int) error {
	for _, list := range []struct {
		name   string
		values []float64
	}{{"scores", o.Scores}, {"depths", o.Depths}} {
		if len(list.values) != examples {
			return fmt.Errorf("%s: %d, want %d, one of each example", list.name, len(list.values), examples)
		}
		for i, v := range list.values {
			if !isShare(v) {
				return fmt.Errorf("%s: %v of example %d, want 0 to 1", list.name, v, i)
			}
		}
	}
	for _, list := range []struct {
		name    string
		values  []float64
		allowed string
		ok      func(float64) bool
	}{
		{"expected_logliks", o.LogLiks, fmt.Sprintf("%g to 0", -largest), func(v float64) bool { return v >= -largest && v <= rounding }},
		{"output_errors", o.Errors, fmt.Sprintf("0 to %g", largest), isError},
	} {
		if n := len(list.values); n != 0 && n != examples {
			return fmt.Errorf("%s: %d, want none or %d, one of each example", list.name, n, examples)
		}
		for i, v := range list.values {
			if !list.ok(v) {
				return fmt.Errorf("%s: %v of example %d, want %s", list.name, v, i, list.allowed)
			}
		}
	}
	if n := len(o.HeadErrors); n != 0 && n != o.Layers*o.Heads {
		return fmt.Errorf("head_output_errors: %d, want none or %d, one of each head", n, o.Layers*o.Heads)
	}
	for i, v := range o.HeadErrors {
		if !isError(v) {
			return fmt.Errorf("head_output_errors: %v of head %d, want 0 to %g", v, i, largest)
		}
	}
	if len(o.Hits) != o.Layers*o.Heads {
		return fmt.Errorf("hits: %d, want %d, one of each head", len(o.Hits), o.Layers*o.Heads)
	}
	for i, n := range o.Hits {
		if n < 0 || n > examples {
			return fmt.Errorf("hits: %d of head %d, want 0 to %d, the examples", n, i, examples)
		}
	}
	return nil
}

// largest is what a number of an example or a head may be at most, so that those of all examples
// can be added up.
const largest = 1e9

// isError reports whether x can be a relative error; NaN cannot.
func isError(x float64) bool { return x >= 0 && x <= largest }

// rounding is how far a mean of ten numbers up to 1 may come out above 1.
const rounding = 1e-9

// isShare reports whether x is from 0 to 1; NaN is not.
func isShare(x float64) bool { return x >= 0 && x <= 1+rounding }
