package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
)

// question is a request as it stands on the command line.
type question struct {
	req  run.Request
	text string // file of the own text

	adapter, tokens *string
	reading         *apply.Options
	given           func(flag string) bool
}

// flags adds the flags of a request to fs.
func (q *question) flags(fs *flagSet) {
	q.given = fs.given
	fs.StringVar(&q.req.Model, "model", defaultModel, modelUsage()+", or a file of queries and keys")
	q.adapter, q.tokens = adapterFlag(fs), tokenizerFlag(fs)
	fs.StringVar(&q.req.Task, "task", "", "S-1 S-2 S-3 MK-1 MK-2 MK-3 MV MQ; S-2 without --text; or a file of RULER's (.jsonl)")
	fs.Uint64Var(&q.req.Seed, "seed", 1, "which example of the task")
	fs.optionalInt(&q.req.Context, "context", "most `tokens` of prompt and answer; the model's context")
	fs.StringVar(&q.req.Prose, "prose", "", "what tasks hide needles in: tom-sawyer or sentences; sentences for the demo models, the book for others")
	fs.Func("depth", "place of the needle, 0 start to 1 end; drawn from the seed", func(s string) error {
		d, err := strconv.ParseFloat(s, 64)
		if err != nil || !(d >= 0 && d <= 1) {
			return fmt.Errorf("want 0 to 1")
		}
		q.req.Depth = &d
		return nil
	})
	fs.StringVar(&q.text, "text", "", "`file` with own text instead of a task, - for standard input; or of RULER's, of which --seed counts the examples; these are scored as RULER does")
	fs.StringVar(&q.req.Key, "key", "", "own needle: its key; of a task, the key to ask for alone")
	fs.StringVar(&q.req.Key, "question", "", "key to ask for in --text, which already holds it; same as --key")
	fs.Func("questions", "`key` to ask for in --text, or alone of those of --task, each by a run of its own on the same context; once for each, or * for all. With --evict before, all are asked of one compressed cache", func(key string) error {
		q.req.Questions = append(q.req.Questions, key)
		return nil
	})
	fs.StringVar(&q.req.Value, "value", "", "own needle: its value, planted in --text")
	fs.StringVar(&q.req.Prompt, "prompt", "", "free `text` to continue as it stands, instead of a task")
	fs.StringVar(&q.req.Method, "method", sparse.DefaultMethod, methodIDs())
	fs.Uint64Var(&q.req.SelectorSeed, "selector-seed", 0, "tells random selectors of one example apart")
	methodFlags(fs, &q.req.Config)
	fs.StringVar(&q.req.Force, "force", "", "`blocks` that every query reads: 3,7")
	fs.StringVar(&q.req.Drop, "drop", "", "`blocks` that no query reads")
	fs.Func("memory-strength", "intervention: of RAT+'s memory, 0 none to 1 as trained", func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("want 0 to 1")
		}
		q.req.MemoryStrength = &v
		return nil
	})
	fs.optionalInt(&q.req.MemoryCap, "memory-cap", "intervention: `tokens` that the memory reaches back")
	fs.StringVar(&q.req.SelectWith, "select-with", "", "intervention: memory or plain keys to select by")
	fs.StringVar(&q.req.ComputeWith, "compute-with", "", "intervention: memory or plain keys and values to compute with")
	fs.optionalInt(&q.req.MaxNew, "max-new", "most `tokens` to generate; the expected answer and a few, of RULER's examples what RULER has")
}

// request returns the run that the flags ask for, and an engine that has its model.
func (q *question) request() (run.Request, *run.Engine, error) {
	req, err := q.req, q.oneOrTheOther()
	if err != nil {
		return req, nil, err
	}
	if req.Model, err = withAdapter(req.Model, *q.adapter); err != nil {
		return req, nil, err
	}
	engine, err := q.engine(req.Model)
	if err != nil {
		return req, nil, err
	}
	path := q.text
	if q.ofRULER() {
		path, req.Task = req.Task, ""
	}
	if path != "" {
		content, err := questionText(path, req.Seed)
		if err != nil {
			return req, nil, q.named(err)
		}
		req.Text = content
	} else if req.Task == "" && req.Key == "" && req.Prompt == "" && !isCapture(engine, req.Model) {
		req.Task = "S-2"
	}
	return req, engine, nil
}

// ofRULER reports whether the task is a file of RULER's, whose examples are texts.
func (q *question) ofRULER() bool {
	return q.text == "" && strings.HasSuffix(q.req.Task, rulerSuffix)
}

// files are the files that the flags name, and names of what is none.
func (q *question) files() []string {
	files := []string{q.req.Model, *q.adapter, *q.tokens, q.text, q.reading.Mask}
	if q.ofRULER() {
		files = append(files, q.req.Task)
	}
	return files
}

// oneOrTheOther refuses flags that ask two things at once, by the names of both.
func (q *question) oneOrTheOther() error {
	for _, pair := range [][2]string{
		{"prompt", "task"}, {"prompt", "text"}, {"prompt", "key"}, {"prompt", "question"}, {"prompt", "value"}, {"value", "task"}, {"text", "task"},
	} {
		if q.given(pair[0]) && q.given(pair[1]) {
			return input.Errorf(pair[1], "stands beside --%s, want one or the other", pair[0])
		}
	}
	return nil
}

// engine has the model called name, or the queries and keys in a file, read as asked.
func (q *question) engine(name string) (*run.Engine, error) {
	if *q.reading == (apply.Options{}) {
		return engineWith(name, *q.tokens)
	}
	engine, err := demoEngine()
	if err != nil {
		return nil, err
	}
	found, err := engine.OpenCapture(name, name, *q.reading)
	if !found {
		err = onlyCaptures(q.reading, name)
	}
	return engine, blamed("model", err)
}

// named is err about a flag by the one of its names that is given.
func (q *question) named(err error) error {
	if q.given("question") {
		err = renamed(err, "key", "question")
	}
	if q.ofRULER() {
		err = renamed(err, "text", "task")
	}
	return err
}

// isCapture reports whether what is called name is queries and keys, with a prompt of
// their own.
func isCapture(e *run.Engine, name string) bool {
	return slices.ContainsFunc(e.Models(), func(m run.ModelInfo) bool { return m.Name == name && m.Arch == run.ArchCapture })
}

// noteOf is the note of the model called name, "" for none; that of queries and keys in a
// file says how they were read, and which of its settings flags are asked for instead.
func noteOf(e *run.Engine, name string) string {
	for _, m := range e.Models() {
		switch {
		case m.Name == name && len(m.Says) > 0:
			return m.Note + "; what it says of a method is not used: " + strings.Join(m.Says, ", ")
		case m.Name == name:
			return m.Note
		}
	}
	return ""
}

// questionText returns the question in a file: its text, or where it holds RULER's examples
// the one that the seed picks.
func questionText(path string, seed uint64) (string, error) {
	if !strings.HasSuffix(path, rulerSuffix) {
		content, err := readText(path)
		if err != nil || path == standardInput || !niah.IsRULER(content) {
			return content, err // of RULER's examples the request's seed picks one
		}
	}
	return rulerText(path, seed)
}

// standardInput stands for it in the place of a file.
const standardInput = "-"

// readText reads a file of at most run.MaxText bytes.
func readText(path string) (string, error) {
	f := os.Stdin
	if path != standardInput {
		var err error
		if f, err = os.Open(path); err != nil {
			return "", input.Errorf("text", "%v", err)
		}
		defer f.Close()
	}
	content, err := io.ReadAll(io.LimitReader(f, run.MaxText+1))
	if err != nil {
		return "", input.Errorf("text", "%v", err)
	}
	if len(content) > run.MaxText {
		return "", input.Errorf("text", "%s is longer than the %d bytes allowed", path, run.MaxText)
	}
	return string(content), nil
}
