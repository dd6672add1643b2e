package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/seeds"
)

// found is an example that shows what a method costs.
type found struct {
	Seed  uint64   `json:"seed"`
	Right []string `json:"right"` // models that keep the answer under the method
	Wrong []string `json:"wrong"` // models that lose it
}

func foundOf(row seeds.Row, names []string) found {
	f := found{Seed: row.Seed, Right: []string{}, Wrong: []string{}}
	for i, a := range row.Answers {
		if a.Kept() {
			f.Right = append(f.Right, names[i])
		} else {
			f.Wrong = append(f.Wrong, names[i])
		}
	}
	return f
}

// find lists the seeds at which every model is right with everything read and a method
// loses the answer in at least one.
func find(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("find", stderr,
		"kvscope find --task MK-2 --method quest --budget 1/8",
		"kvscope find --task S-2 --method moba --budget 1/16 --models attention --seeds 200 --json")
	var q question
	q.flags(fs)
	models := fs.String("models", strings.Join(run.DemoModels(), ","), "`names` or files of models, comma-separated")
	n := fs.Int("seeds", 50, "how many seeds are tried, from --seed on")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	for _, own := range []string{"text", "prompt", "value"} {
		if fs.given(own) {
			return input.Errorf(own, "find tries the examples of a --task, which leaves no room for one's own")
		}
	}
	if q.req.Model != defaultModel {
		return input.Errorf("model", "find compares several: name them with --models")
	}
	req := q.req
	if req.Task == "" {
		req.Task = "S-2"
	}
	names := strings.Split(*models, ",")
	for i, name := range names {
		var err error
		if names[i], err = withAdapter(name, *q.adapter); err != nil {
			return err
		}
	}
	engine, err := engineWithAll("models", names, *q.tokens)
	if err != nil {
		return err
	}
	defer engine.Close()
	runner, err := readingOnce(engine)
	if err != nil {
		return err
	}
	reqs := make([]run.Request, len(names))
	for i, name := range names {
		reqs[i] = req
		reqs[i].Model = name
	}
	sayIgnored(stderr, []string{req.Method}, req.Unused())
	rows, tried, show := []found{}, 0, bar(stderr)
	err = seeds.Repeat(ctx, seeds.Engine{Runner: runner}, reqs, req.Seed, *n, func(row seeds.Row) error {
		tried++
		show(tried, *n)
		if row.Lost() {
			rows = append(rows, foundOf(row, names))
		}
		return nil
	})
	if err != nil {
		return renamed(q.named(err), "model", "models")
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(struct {
			Rows []found `json:"rows"`
		}{rows})
	}
	for _, row := range rows {
		kept := "none keeps it"
		if len(row.Right) > 0 {
			kept = strings.Join(row.Right, ", ") + " keeps it"
		}
		fmt.Fprintf(stdout, "seed %-6d %s loses the answer, %s\n", row.Seed, strings.Join(row.Wrong, ", "), kept)
	}
	fmt.Fprintf(stdout, "%d of %d seeds: everything read is right in every model, and %s loses the answer in one\n", len(rows), *n, req.Method)
	return nil
}
