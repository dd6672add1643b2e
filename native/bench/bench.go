package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"kvscope/engine/input"
	"kvscope/engine/ops"
)

// Row is one figure.
type Row struct {
	Name  string  `json:"name"`
	Size  string  `json:"size"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Ratio is how this compares with Baseline, as times faster: above 1 is better
	// than the baseline, whatever the unit. Zero when there is none.
	Ratio    float64 `json:"ratio"`
	Baseline string  `json:"baseline"`
	// Earlier is the value of the same row in the report given as Against, or zero.
	Earlier float64 `json:"earlier,omitempty"`
}

// Report holds the measurements of one run of the benchmark.
type Report struct {
	CPU  string `json:"cpu"`
	Path string `json:"path"` // the kernel table
	Rows []Row  `json:"rows"`
}

// Options say what to measure.
type Options struct {
	Kernels  *ops.Kernels
	Sizes    Sizes
	Only     string                // groups, comma-separated; empty: all
	Against  *Report               // an earlier report to put beside the rows
	Progress func(done, total int) // may be nil
}

// Sizes are the sizes to measure at. Full holds those of the published figures.
type Sizes struct {
	Rounds  int   // turns of each side, at least 1
	Bytes   int   // memory that passes between two visits, several times the last cache
	Square  []int // matrix products, n x n x n
	HeadDim int   // of decoding
	Heads   int   // of the layer that decoding figures are given for
	Block   int   // tokens in a block
	Tokens  []int // cached tokens
	Budgets []int // shares of the cache, as divisors

	MethodTokens, MethodBudget int // where all methods are measured, of Tokens, and their budget

	Models []Shape
}

// Shape is a model that decodes: its two backbones are compared.
type Shape struct {
	Name                              string
	Layers, Dim, Heads, Vocab, Prompt int
}

// Full returns the sizes that docs/performance.md reports.
func Full() Sizes {
	return Sizes{
		Rounds: 48, Bytes: 1 << 30, Square: []int{256, 512, 1024}, HeadDim: 128, Heads: 32, Block: 64,
		Tokens:  []int{4096, 8192, 16384, 32768, 65536, 131072},
		Budgets: []int{4, 8, 16, 32, 64}, MethodTokens: 32768, MethodBudget: 16,
		Models: []Shape{
			{Name: "demo", Layers: 6, Dim: 128, Heads: 4, Vocab: 1399, Prompt: 448},
			// A twelfth of the 1B model: 2 of its 24 layers, a twelfth of its vocabulary.
			{Name: "1B/12", Layers: 2, Dim: 2048, Heads: 16, Vocab: 32000 / 12, Prompt: 1024},
		},
	}
}

// group is a set of measurements that share memory or a baseline.
type group struct {
	name    string
	measure func(ctx context.Context, o Options, add func(Row)) error
}

func groups() []group {
	return []group{
		{"memory", measureMemory},
		{"matmul", measureMatMul},
		{"attention", measureAttention},
		{"kernel", measureKernels},
		{"compact", measureQuantized},
		{"decode", measureDecode},
		{"token", measureTokens},
	}
}

// Groups names what Options.Only may ask for.
func Groups() []string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return names
}

// Run measures. It stops early, with ctx's error, when ctx ends.
func Run(ctx context.Context, o Options) (*Report, error) {
	chosen := groups()
	if o.Only != "" {
		wanted := strings.Split(o.Only, ",")
		for _, name := range wanted {
			if !slices.Contains(Groups(), name) {
				return nil, fmt.Errorf("group %q, want some of %s", name, strings.Join(Groups(), ", "))
			}
		}
		chosen = slices.DeleteFunc(chosen, func(g group) bool { return !slices.Contains(wanted, g.name) })
	}
	r := &Report{CPU: cpuName(), Path: o.Kernels.Name}
	for i, g := range chosen {
		if o.Progress != nil {
			o.Progress(i, len(chosen))
		}
		if err := ctx.Err(); err != nil { // before memory is filled
			return nil, err
		}
		err := g.measure(ctx, o, func(row Row) {
			row.Earlier = o.Against.value(row.Name, row.Size)
			r.Rows = append(r.Rows, row)
		})
		if err != nil {
			return nil, fmt.Errorf("bench %s: %w", g.name, err)
		}
	}
	if o.Progress != nil {
		o.Progress(len(chosen), len(chosen))
	}
	return r, nil
}

// ReadReport reads an earlier report, as it is printed in JSON.
func ReadReport(text []byte) (*Report, error) {
	r, d := &Report{}, json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, input.FromJSON(err)
	}
	if d.More() {
		return nil, errors.New("something follows the report")
	}
	if len(r.Rows) == 0 {
		return nil, input.Errorf("rows", "none, want at least one")
	}
	seen := map[[2]string]bool{}
	for i, row := range r.Rows {
		if row.Name == "" || row.Size == "" || row.Unit == "" {
			return nil, input.Errorf("rows", "row %d has the name %q, the size %q and the unit %q, want one of each", i, row.Name, row.Size, row.Unit)
		}
		if seen[[2]string{row.Name, row.Size}] {
			return nil, input.Errorf("rows", "%s of %s is there twice", row.Name, row.Size)
		}
		seen[[2]string{row.Name, row.Size}] = true
	}
	return r, nil
}

// value finds the value of the row with that name and size, or zero.
func (r *Report) value(name, size string) float64 {
	if r == nil {
		return 0
	}
	for _, row := range r.Rows {
		if row.Name == name && row.Size == size {
			return row.Value
		}
	}
	return 0
}

func cpuName() string {
	return fmt.Sprintf("%s, family %d model %d, L2 %d KiB, L3 %d KiB", cpuid.CPU.BrandName, cpuid.CPU.Family, cpuid.CPU.Model,
		cpuid.CPU.Cache.L2>>10, cpuid.CPU.Cache.L3>>10)
}
