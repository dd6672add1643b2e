// Package amd64 describes every kernel once and prints it for each instruction set,
// AVX-512 and AVX2 with FMA.
package amd64

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files maps a file name to what it holds.
var files = []struct {
	name string
	emit func(*isa)
	only string // the set it is for, where it is one
}{
	{"matmul", matMulKernels, ""},
	{"pack", packKernels, ""},
	{"rows", rowKernels, ""},
	{"quantized", quantizedKernels, ""},
	{"whole", wholeKernels, "avx2"},
	{"element", elementKernels, ""},
	{"softmax", softmaxKernels, ""},
	{"causal", causalKernels, ""},
	{"memory", memoryKernels, ""},
	{"tile", amxKernels, "avx512"},
}

// Write writes the assembly and its Go declarations to the folder of package simd.
func Write(dir string) error {
	for _, set := range []func() *isa{newAVX512, newAVX2} {
		for _, f := range files {
			c := set()
			if f.only != "" && f.only != c.name {
				continue
			}
			c.ConstraintExpr("!noasm")
			f.emit(c)
			if err := write(c, filepath.Join(dir, fmt.Sprintf("%s_%s_amd64", f.name, c.name))); err != nil {
				return fmt.Errorf("%s for %s: %w", f.name, c.name, err)
			}
		}
	}
	return nil
}

// write compiles c to path.s and its Go declarations to path.go.
func write(c *isa, path string) error {
	cfg := printer.Config{Argv: []string{"make", "generate"}, Name: "generate", Pkg: "simd"}
	passes := []pass.Interface{pass.Compile}
	for _, out := range []struct {
		ext     string
		printer printer.Builder
	}{{".s", printer.NewGoAsm}, {".go", printer.NewStubs}} {
		f, err := os.Create(path + out.ext)
		if err != nil {
			return err
		}
		defer f.Close()
		passes = append(passes, &pass.Output{Writer: f, Printer: out.printer(cfg)})
	}
	status := build.Main(&build.Config{ErrOut: os.Stderr, MaxErrors: 10, Passes: passes}, c.Context)
	if status != 0 {
		return fmt.Errorf("assembler status %d", status)
	}
	return nil
}
