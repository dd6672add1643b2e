package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// rulerSuffix ends the names of RULER's files.
const rulerSuffix = ".jsonl"

// readRULER reads a file of RULER's for a flag.
func readRULER(flag, path string) ([]niah.RULERExample, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, input.Errorf(flag, "%v", err)
	}
	defer f.Close()
	examples, err := niah.ReadRULER(f)
	if err != nil {
		return nil, input.Errorf(flag, "%s: %v", path, err)
	}
	return examples, nil
}

// rulerText is the example of a file that a seed asks for, alone, as the text of a request.
func rulerText(path string, seed uint64) (string, error) {
	examples, err := readRULER("text", path)
	if err != nil {
		return "", err
	}
	one, err := niah.PickRULER(examples, seed)
	if err != nil {
		return "", input.Errorf("seed", "%v", err)
	}
	return one.Line(), nil
}

// rulerTasks answers requests for tasks that are files of RULER's, as a grid makes them:
// the seed counts the examples.
type rulerTasks struct {
	experiment.Runner
	files map[string][]niah.RULERExample // by task
}

// Run answers a request with the text of its example.
func (r rulerTasks) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	examples, ok := r.files[req.Task]
	if !ok {
		return r.Runner.Run(ctx, req, sink)
	}
	req.Text, req.Task = examples[req.Seed-experiment.Seed(0)].Line(), ""
	return renamed(r.Runner.Run(ctx, req, sink), "text", "tasks")
}

// take makes tasks of the files among tasks: their names with a part of the hash of what
// is in them, by which results that were kept are told apart.
func (r rulerTasks) take(tasks []string) (named []string, err error) {
	for _, task := range tasks {
		if strings.HasSuffix(task, rulerSuffix) {
			path := task
			examples, err := readRULER("tasks", path)
			if err != nil {
				return nil, err
			}
			sum := sha256.New()
			fmt.Fprintln(sum, "string_match") // how they are scored is a part of what was measured
			for _, e := range examples {
				fmt.Fprintln(sum, e.Line())
			}
			task = fmt.Sprintf("%s@%x", filepath.Base(path), sum.Sum(nil)[:4])
			r.files[task] = examples
		}
		named = append(named, task)
	}
	return named, nil
}

// sizes are how many examples each file has.
func (r rulerTasks) sizes() map[string]int {
	out := map[string]int{}
	for task, examples := range r.files {
		out[task] = len(examples)
	}
	return out
}
