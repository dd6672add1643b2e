package experiment

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Runner answers requests; *run.Engine does.
type Runner interface {
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
	Models() []run.ModelInfo
}

// Outcome holds the measurements of one cell, and the model and block size they were made
// with. Scores and Depths have an entry for each example.
type Outcome struct {
	Kernels string `json:"kernels"` // kernel table that ran
	Arch    string `json:"arch"`
	Title   string `json:"title,omitempty"`  // that for people; see ArchTitle
	Memory  bool   `json:"memory,omitempty"` // see HasMemory
	Layers  int    `json:"layers"`
	Heads   int    `json:"heads"`
	Block   int    `json:"block"`
	K       int    `json:"k"`

	Scores  []float64 `json:"scores"` // 0..1
	Depths  []float64 `json:"depths"` // place of the first needle asked for, 0 start to 1 end of the prompt
	Hits    []int     `json:"hits"`   // [Layers*Heads]: examples in which the head held the needle at every answer step
	Read    float64   `json:"kv_read_fraction"`
	Seconds float64   `json:"seconds"`

	// LogLiks are ln p of the expected answer, by example, and Errors the relative errors of
	// the heads' outputs, their mean by example; see trace.Done and trace.Hit. Outcomes from
	// before these were measured have neither.
	LogLiks []float64 `json:"expected_logliks,omitempty"`
	Errors  []float64 `json:"output_errors,omitempty"`

	// HeadErrors are the means over the examples of each head's own, [Layers*Heads]; none where
	// an example lacks one.
	HeadErrors []float64 `json:"head_output_errors,omitempty"`
}

// Score is the sum of the scores.
func (o *Outcome) Score() float64 {
	sum := 0.0
	for _, s := range o.Scores {
		sum += s
	}
	return sum
}

// HasMemory reports whether keys and values of the model passed a memory; outcomes from
// before the field say so as headers of runs do.
func (o *Outcome) HasMemory() bool { return o.header().HasMemory() }

// ArchTitle is Arch for people, "" where it is not known.
func (o *Outcome) ArchTitle() string { return o.header().ArchTitle() }

func (o *Outcome) header() *trace.Header {
	return &trace.Header{Arch: o.Arch, Title: o.Title, Memory: o.Memory}
}

// NotHere is the error of a cell that the program at hand cannot compute, and another may:
// one that has its model, for instance.
type NotHere struct{ Err error }

// Error is that of e.Err.
func (e NotHere) Error() string { return e.Err.Error() }

// Unwrap returns e.Err.
func (e NotHere) Unwrap() error { return e.Err }

// Measure computes a cell. A panic of the engine is an error of the cell.
func Measure(ctx context.Context, r Runner, c Cell) (*Outcome, error) {
	outs, errs := MeasureAll(ctx, r, []Cell{c}, func() {})
	return outs[0], errs[0]
}

// MeasureAll computes cells of as many examples each: one example of all of them, then the
// next, so that a runner which keeps the last prompts, as run.PrefixCache does, reads each
// once where they are the same. outs[i] or errs[i] is of cells[i]. It calls over for every
// example of every cell, computed or not.
func MeasureAll(ctx context.Context, r Runner, cells []Cell, over func()) (outs []*Outcome, errs []error) {
	outs, errs = make([]*Outcome, len(cells)), make([]error, len(cells))
	cells = slices.Clone(cells) // which are given the names that r has their models under
	most := 0
	for i, c := range cells {
		outs[i] = &Outcome{}
		cells[i].Model, errs[i] = c.modelAt(r)
		most = max(most, min(c.Examples, ChunkExamples))
	}
	for example := range most {
		for i, c := range cells {
			if example >= c.Examples {
				continue
			}
			if errs[i] == nil {
				errs[i] = outs[i].measure(ctx, r, c, example)
			}
			over()
		}
	}
	for i := range outs {
		if errs[i] != nil {
			outs[i] = nil
		}
	}
	return outs, errs
}

// modelAt is the name of c's model among those of r, which know it by its fingerprint,
// or why r cannot compute c.
func (c Cell) modelAt(r Runner) (string, error) {
	if c.Examples < 1 || c.Examples > ChunkExamples || c.First < 0 || c.First > MaxExamples {
		return "", fmt.Errorf("examples: %d from %d on, want 1 to %d, from 0 to %d on", c.Examples, c.First, ChunkExamples, MaxExamples)
	}
	models := slices.Clone(r.Models())
	if i := slices.IndexFunc(models, func(m run.ModelInfo) bool { return m.Name == c.Model }); i > 0 {
		// First: to know the others takes the time to read them.
		models[0], models[i] = models[i], models[0]
	}
	var have []string
	for _, m := range models {
		hash, err := m.Fingerprint()
		switch {
		case err != nil:
			have = append(have, fmt.Sprintf("%s (%v)", m.Name, err))
		case hash != c.ModelHash:
			have = append(have, fmt.Sprintf("%s (%s)", m.Name, hash))
		default:
			return m.Name, nil
		}
	}
	return "", NotHere{fmt.Errorf("model: no %s of fingerprint %s among %s", c.Model, c.ModelHash, strings.Join(have, ", "))}
}

// measure adds an example of c to o.
func (o *Outcome) measure(ctx context.Context, r Runner, c Cell, example int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	started := time.Now()
	var a answer
	if err := r.Run(ctx, c.Request(example), &a); err != nil {
		return err
	}
	if a.header == nil || a.done == nil {
		return fmt.Errorf("example %d ended without a result", c.First+example)
	}
	o.add(&a, c.Examples)
	o.Seconds += time.Since(started).Seconds()
	return nil
}

// answer keeps of a run what a cell needs; it is the run's sink.
type answer struct {
	header *trace.Header
	done   *trace.Done
}

// Emit keeps the first and the last event.
func (a *answer) Emit(e trace.Event) error {
	switch e := e.(type) {
	case *trace.Header:
		a.header = e
	case *trace.Done:
		a.done = e
	}
	return nil
}

// add counts one of n examples.
func (o *Outcome) add(a *answer, n int) {
	h := a.header
	if o.Hits == nil {
		o.Kernels, o.Arch, o.Title, o.Memory = h.Kernels, h.Arch, h.Title, h.Memory
		o.Layers, o.Heads, o.Block, o.K = h.Layers, h.Heads, h.Block, h.K
		o.Hits = make([]int, h.Layers*h.Heads)
	}
	o.Scores = append(o.Scores, a.done.Score)
	o.Depths = append(o.Depths, depthOf(h))
	o.Read += a.done.ReadFraction / float64(n)
	if p := a.done.ExpectedLogLik; p != nil {
		o.LogLiks = append(o.LogLiks, *p)
	}
	if off := figures.OutputError(a.done.Hits); off != nil {
		o.Errors = append(o.Errors, *off)
	}
	if len(o.Scores) == 1 {
		o.HeadErrors = make([]float64, h.Layers*h.Heads)
	}
	for _, hit := range a.done.Hits {
		at := hit.Layer*h.Heads + hit.Head
		if hit.Hit {
			o.Hits[at]++
		}
		switch {
		case hit.OutputError == nil:
			o.HeadErrors = nil
		case o.HeadErrors != nil:
			o.HeadErrors[at] += *hit.OutputError / float64(n)
		}
	}
}

// depthOf is where the first needle asked for stands in the prompt, 0..1.
func depthOf(h *trace.Header) float64 {
	for _, n := range h.Needles {
		if n.Queried && len(h.Tokens) > 0 {
			return float64(n.Span[0]) / float64(len(h.Tokens))
		}
	}
	return 0
}
