package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/cpuid/v2"

	"kvscope/native/simd"
)

// release is the program's version.
const release = "0.1.0"

// version prints what this program is and runs on.
func version(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("version", stderr, "kvscope version --json")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	v := struct {
		Version string   `json:"version"`
		Go      string   `json:"go"`
		Kernels string   `json:"kernels"`
		CPU     []string `json:"cpu"`
	}{release, runtime.Version(), simd.Best().Name, cpuid.CPU.FeatureSet()}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(v)
	}
	fmt.Fprintf(stdout, "kvscope %s, %s, %s kernels on %s\n", v.Version, v.Go, v.Kernels, cpuid.CPU.BrandName)
	return nil
}
