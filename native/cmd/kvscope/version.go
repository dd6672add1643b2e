package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/klauspost/cpuid/v2"

	"kvscope/native/simd"
)

// release is the program's version. It is part of the key of every cell of an
// experiment, so it changes when a change of the program changes what cells measure.
const release = "0.1.0"

// revision is the commit that the program was built from, with "+" when files had been
// changed since; empty when the build does not know.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var commit, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	return commit + changed
}

// version prints what this program is and runs on.
func version(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("version", stderr, "kvscope version --json")
	asJSON := fs.Bool("json", false, "print one JSON object")
	short := fs.Bool("short", false, "print the version's number alone")
	if err := parse(fs, args); err != nil {
		return err
	}
	v := struct {
		Version  string   `json:"version"`
		Revision string   `json:"revision"`
		Go       string   `json:"go"`
		Kernels  string   `json:"kernels"`
		CPU      []string `json:"cpu"`
	}{release, revision(), runtime.Version(), simd.Best().Name, cpuid.CPU.FeatureSet()}
	switch {
	case *asJSON:
		return json.NewEncoder(stdout).Encode(v)
	case *short:
		fmt.Fprintln(stdout, v.Version)
		return nil
	}
	name := v.Version
	if v.Revision != "" {
		name += " (" + v.Revision + ")"
	}
	fmt.Fprintf(stdout, "kvscope %s, %s, %s kernels on %s\n", name, v.Go, v.Kernels, cpuid.CPU.BrandName)
	return nil
}
