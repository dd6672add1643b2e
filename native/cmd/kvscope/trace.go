package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/runview"
)

// fileFigures is the JSON of the trace command about the file of a run.
type fileFigures struct {
	File   string `json:"file"`
	Frames int    `json:"frames"`
	Tokens int    `json:"tokens"` // of the prompt
	Steps  int    `json:"steps"`  // tokens generated
	Layers int    `json:"layers"`
	Heads  int    `json:"heads"`
	Model  string `json:"model"`
	Method string `json:"method"`
	Answer string `json:"answer"`
	Looks  bool   `json:"queries_and_keys"` // whether attention maps can be made of it

	Ignored []string `json:"ignored,omitempty"` // parameters that were set and that the method has not
}

// traceFile records a run in a file, or describes one.
func traceFile(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("trace", stderr,
		"kvscope trace --out run.safetensors --model ratplus --task MK-2 --seed 7 --method quest --budget 1/16",
		"kvscope trace --in run.safetensors --json",
		"kvscope trace --in run.safetensors --html run.html --hide prompt")
	var q question
	q.flags(fs)
	q.reading = readingFlags(fs, ofCapture)
	in := fs.String("in", "", "`file` of a run to describe")
	out := fs.String("out", "", "`file` to write; the explorer opens it, and so does safetensors in Python")
	page := fs.String("html", "", "`file` to write, of the recorded run or of that in --in: one page that opens from a disk and needs nothing else")
	hide := fs.String("hide", "", "`parts` that the page leaves out, of "+strings.Join(runview.PartNames(), ", "))
	light := fs.Bool("light", false, "leave out queries, keys and gates: no attention maps, a far smaller file")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *in == "" && *out == "" && *page == "" || *in != "" && *out != "" {
		return input.Errorf("out", "want either --out or --html, a file to write, or --in, the file to describe")
	}
	hidden, err := runview.ParseHide(*hide)
	if err != nil {
		return err
	}
	if *hide != "" && *page == "" {
		return input.Errorf("hide", "without --html, whose page it leaves parts out of")
	}
	if *out != "" && *page != "" && samePath(*out, *page) {
		return input.Errorf("html", "%s is the file of --out too, want another", *page)
	}
	inputs := append(q.files(), *in)
	if err := cmp.Or(notInput("out", *out, inputs...), notInput("html", *page, inputs...)); err != nil {
		return err
	}
	path := cmp.Or(*in, *out, *page)
	var f *runfile.File
	if *in != "" {
		var file *checkpoint.File
		if file, err = checkpoint.Open(*in); err != nil {
			return input.Errorf("in", "%v", err)
		}
		defer file.Close()
		if f, err = runfile.Of(file); err != nil {
			err = input.Errorf("in", "%s: %v", path, err)
		}
	} else {
		f, err = recordTrace(ctx, &q, *out, *light)
	}
	if err == nil && *page != "" {
		err = writePage(*page, f, hidden)
	}
	if err != nil {
		return err
	}
	r := f.Run
	summary := fileFigures{
		File: path, Frames: len(r.Events()), Tokens: len(r.Header.Tokens), Steps: len(r.Steps),
		Layers: r.Header.Layers, Heads: r.Header.Heads, Model: r.Header.Model, Method: r.Header.Method, Looks: f.Heads != nil, Ignored: r.Header.Ignored,
	}
	if r.Done != nil {
		summary.Answer = r.Done.Answer
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(summary)
	}
	if r.Header.Method == "" && f.Heads != nil { // picked by nothing
		first, err := f.Heads(0, 0)
		if err != nil {
			return err
		}
		if len(summary.Ignored) > 0 {
			fmt.Fprintf(stderr, "ignored: %s, which attention maps have no use for\n", strings.Join(summary.Ignored, ", "))
		}
		fmt.Fprintf(stdout, "%s: attention maps of %s, %s tokens, of which the last %s are queries, %d layers of %d heads\n",
			path, cmp.Or(summary.Model, "a model that it does not name"), number.Count(summary.Tokens), number.Count(first.Queries), summary.Layers, summary.Heads)
		return nil
	}
	sayIgnored(stderr, []string{summary.Method}, summary.Ignored)
	fmt.Fprintf(stdout, "%s: %s, %s, %s tokens, %d steps, %d layers of %d heads, %s frames\n",
		path, summary.Model, summary.Method, number.Count(summary.Tokens), summary.Steps, summary.Layers, summary.Heads, number.Count(summary.Frames))
	if result, ok := figures.ResultOf(r); ok {
		describe(stdout, result)
	}
	return nil
}

// recordTrace runs what is asked and writes it to path, all of it or nothing, unless that
// is empty.
func recordTrace(ctx context.Context, q *question, path string, light bool) (*runfile.File, error) {
	req, engine, err := q.request()
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	cache := run.NewCache(engine, keptBytes)
	f := &runfile.File{Run: &trace.Run{}}
	if err := cache.Run(ctx, req, f.Run); err != nil {
		return nil, q.named(err)
	}
	if kept := cache.Cached(req.ID()); !light {
		f.Heads = kept.Head
	}
	if path == "" {
		return f, nil
	}
	var content bytes.Buffer
	if err := f.Write(&content); err != nil {
		return nil, err
	}
	return f, writeFile("out", path, content.Bytes())
}

// writePage writes the page that shows a run.
func writePage(path string, f *runfile.File, hide []string) error {
	program, err := dist.Load()
	if err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	colours, err := assets.ColourSheet()
	if err != nil {
		return err
	}
	var content bytes.Buffer
	light := runfile.File{Run: f.Run} // the page draws no attention
	if err := light.Write(&content); err != nil {
		return err
	}
	html, err := runview.Page(runview.Program{Colours: string(colours), Script: program.Element, Code: program.Widget}, content.Bytes(), hide)
	if err != nil {
		return err
	}
	return writeFile("html", path, html)
}
