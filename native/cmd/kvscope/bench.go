package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"kvscope/engine/input"
	"kvscope/native/bench"
	"kvscope/native/simd"
	"kvscope/viz/number"
)

// benchKernels measures the kernels on this machine.
func benchKernels(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("bench", stderr,
		"kvscope bench",
		"kvscope bench --json > before.json",
		"kvscope bench --only decode,token --against before.json")
	only := fs.String("only", "", "`groups` to measure, comma-separated, of "+strings.Join(bench.Groups(), ", ")+"; all")
	against := fs.String("against", "", "`file` that an earlier --json left, to print beside")
	kernels := fs.String("kernels", simd.Best().Name, "kernel `table`: "+strings.Join(tableNames(), ", "))
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	o := bench.Options{Sizes: bench.Full(), Only: *only, Progress: bar(stderr)}
	i := slices.Index(tableNames(), *kernels)
	if i < 0 {
		return input.Errorf("kernels", "%q, want one of %s", *kernels, strings.Join(tableNames(), ", "))
	}
	o.Kernels = simd.Tables()[i]
	for _, name := range strings.Split(*only, ",") {
		if *only != "" && !slices.Contains(bench.Groups(), name) {
			return input.Errorf("only", "%q, want some of %s", name, strings.Join(bench.Groups(), ", "))
		}
	}
	if *against != "" {
		text, err := os.ReadFile(*against)
		if err != nil {
			return input.Errorf("against", "%v", err)
		}
		if o.Against, err = bench.ReadReport(text); err != nil {
			return input.Errorf("against", "%s: want what --json printed: %v", *against, err)
		}
	}
	r, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(r)
	}
	fmt.Fprintf(stdout, "%s kernels on %s\n\n", r.Path, r.CPU)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tsize\tvalue\tunit\tratio\tto\tearlier")
	for _, row := range r.Rows {
		ratio, earlier := "", ""
		if row.Ratio > 0 {
			ratio = number.Digits(row.Ratio, 3)
		}
		if row.Earlier > 0 {
			earlier = number.Digits(row.Earlier, 4)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.Name, row.Size, number.Digits(row.Value, 4), row.Unit, ratio, row.Baseline, earlier)
	}
	return w.Flush()
}

func tableNames() []string {
	var names []string
	for _, t := range simd.Tables() {
		names = append(names, t.Name)
	}
	return names
}
