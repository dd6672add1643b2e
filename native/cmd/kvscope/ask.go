package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// ask answers one example.
func ask(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("ask", stderr,
		"kvscope ask --model ratplus --task MK-2 --seed 7 --method quest --budget 1/16",
		"kvscope ask --model attention --text notes.txt --key brave-lantern --value 1234567",
		"kvscope ask --model ratplus --text notes.txt --question brave-lantern --json")
	var req run.Request
	var text string
	fs.StringVar(&req.Model, "model", "ratplus", "attention, ratplus, or a model `file` or folder")
	fs.StringVar(&req.Task, "task", "", "S-1 S-2 S-3 MK-1 MK-2 MK-3 MV MQ; S-2 without --text")
	fs.Uint64Var(&req.Seed, "seed", 1, "which example of the task")
	fs.IntVar(&req.Context, "context", 0, "most `tokens` of prompt and answer; the model's context")
	fs.Func("depth", "place of the needle, 0 start to 1 end; drawn from the seed", func(s string) error {
		var d float64
		if _, err := fmt.Sscanf(s, "%g", &d); err != nil || !(d >= 0 && d <= 1) {
			return fmt.Errorf("want 0 to 1")
		}
		req.Depth = &d
		return nil
	})
	fs.StringVar(&text, "text", "", "`file` with own text instead of a task")
	fs.StringVar(&req.Key, "key", "", "own needle: its key")
	fs.StringVar(&req.Key, "question", "", "key to ask for in --text, which already holds it; same as --key")
	fs.StringVar(&req.Value, "value", "", "own needle: its value, planted in --text")
	fs.StringVar(&req.Method, "method", "dense", "dense quest moba snapkv dilated streaming oracle-block oracle-token")
	fs.StringVar(&req.Selector, "selector", "", "own or random")
	fs.Uint64Var(&req.SelectorSeed, "selector-seed", 0, "tells random selectors of one example apart")
	fs.StringVar(&req.Budget, "budget", "1", "share of the KV entries a query may read: 1, 1/16 or 0.25")
	fs.IntVar(&req.Block, "block", 0, "`tokens` in a block; 16")
	fs.IntVar(&req.K, "k", 0, "blocks (or tokens) read; from the budget")
	fs.IntVar(&req.Window, "window", 0, "SnapKV's observation window; 32")
	fs.IntVar(&req.Kernel, "kernel", 0, "SnapKV's pooling kernel, odd; 7")
	fs.StringVar(&req.Pooling, "pooling", "", "SnapKV's pooling, avg or max; avg")
	fs.IntVar(&req.MaxNew, "max-new", 0, "most `tokens` to generate; the expected answer and a few")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if text != "" {
		content, err := readText(text)
		if err != nil {
			return err
		}
		req.Text = content
	} else if req.Task == "" && req.Key == "" {
		req.Task = "S-2"
	}
	engine, err := engineWith(req.Model)
	if err != nil {
		return err
	}
	var record trace.Run
	if err := engine.Run(ctx, req, &record); err != nil {
		return err
	}
	result, ok := record.Result()
	if !ok {
		return fmt.Errorf("the run did not finish")
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(result)
	}
	describe(stdout, result)
	return nil
}

// readText reads a file of at most run.MaxText bytes.
func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", input.Errorf("text", "%v", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, run.MaxText+1))
	if err != nil {
		return "", input.Errorf("text", "%v", err)
	}
	if len(content) > run.MaxText {
		return "", input.Errorf("text", "%s is longer than the %d bytes allowed", path, run.MaxText)
	}
	return string(content), nil
}

// describe prints a result for people.
func describe(w io.Writer, r trace.Result) {
	hits := 0
	for _, h := range r.Heads {
		if h.Hit {
			hits++
		}
	}
	fmt.Fprintf(w, "answer    %s\nexpected  %s\nscore     %.2f\nread      %.1f%% of the KV entries per query (%s, %d a query)\nheads     %d of %d selected the needle at every answer step\ntime      prefill %.0f ms, %.1f ms a token\n",
		strings.TrimSpace(r.Answer), strings.Join(r.Expected, ", "), r.Score, 100*r.ReadFraction, r.Method, r.K, hits, len(r.Heads),
		r.Timing.Prefill, r.Timing.Decode)
}
