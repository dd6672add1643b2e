package api

import (
	"encoding/json"
	"errors"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Site lists what the host that serves a page has for it; see SiteVariable. Addresses are
// relative to the site's root.
type Site struct {
	Server bool       `json:"server"`         // kvscope serve answers below api/
	Meta   string     `json:"meta"`           // address of the JSON of a Meta
	Models []SiteFile `json:"models"`         // that the page can fetch and run itself
	Runs   []SiteFile `json:"runs,omitempty"` // recorded ones, named by run.Request.ID
}

// SiteVariable is the variable of the page's environment that holds a Site as JSON.
const SiteVariable = "KVSCOPE_SITE"

// ReadSite reads a Site, by default that of a server without models for the browser.
func ReadSite(text string) Site {
	site := Site{Server: true, Meta: "api/meta"}
	if err := json.Unmarshal([]byte(text), &site); err != nil {
		return Site{Server: true, Meta: "api/meta"}
	}
	return site
}

// SiteFile is a file that a page can fetch.
type SiteFile struct {
	Name string `json:"name"`
	File string `json:"file"` // address
	Size int    `json:"size"` // bytes, unpacked

	// Changed is when a file that somebody brought was last changed, in milliseconds since 1970:
	// it tells that from others, with its name and size. 0 where a file's bytes do.
	Changed int64 `json:"changed,omitempty"`

	// Folder says that the model lies in a folder as Hugging Face leaves them: File is then the
	// address of a list of its files, a SiteFile each, as JSON, and Size that of its weights.
	Folder bool `json:"folder,omitempty"`

	// Index is the address of the trained index of a model, "" where it has none.
	Index string `json:"index,omitempty"`

	// History is the address of the history of a model's training, "" where there is none,
	// and HistorySize its bytes, unpacked.
	History     string `json:"history,omitempty"`
	HistorySize int    `json:"history_size,omitempty"`
}

// MaxFile is how many bytes of a file a page can hold at most: all that WebAssembly has.
const MaxFile = 1<<32 - 1

// Check reports what is wrong with a file that is to be fetched.
func (f SiteFile) Check() error {
	if f.File == "" {
		return input.Errorf("file", "of %q has no address", f.Name)
	}
	for field, n := range map[string]int{"size": f.Size, "history_size": f.HistorySize} {
		if n < 0 || n > MaxFile {
			return input.Errorf(field, "%s has %d bytes, want 0 to %d, which a page can hold", f.Name, n, MaxFile)
		}
	}
	return nil
}

// ReadFiles reads the list of the files of a folder, by their names.
func ReadFiles(list []byte) (map[string]SiteFile, error) {
	var files []SiteFile
	if err := json.Unmarshal(list, &files); err != nil {
		return nil, input.FromJSON(err)
	}
	in := make(map[string]SiteFile, len(files))
	for i, f := range files {
		if _, twice := in[f.Name]; twice || f.Name == "" {
			return nil, input.Errorf("name", "file %d is called %q, want a name of its own", i, f.Name)
		}
		if err := f.Check(); err != nil {
			return nil, err
		}
		in[f.Name] = f
	}
	return in, nil
}

// ProgressKind names the work that a run waits for.
type ProgressKind string

// The kinds of progress of runs.
const (
	Weights  ProgressKind = "weights"  // of the model, in bytes
	Prompt   ProgressKind = "prompt"   // read, in tokens
	Recorded ProgressKind = "recorded" // nothing: the run was recorded when the site was made
)

// RunProgress is how far that work has come.
type RunProgress struct {
	Kind ProgressKind `json:"kind"`
	Done int          `json:"done"`
	Of   int          `json:"of"`
	// LeftMS is about how many milliseconds the rest takes, 0 where nobody knows yet.
	LeftMS int `json:"left_ms,omitempty"`
}

// PromptClock tells how far the prompt of one run is read, and how long the rest will take
// if it goes on as fast.
type PromptClock struct {
	since time.Time
	from  int // tokens that were read then
}

// Read is the progress of a prompt of which so many tokens are read.
func (c *PromptClock) Read(tokens, prompt int) RunProgress {
	p := RunProgress{Kind: Prompt, Done: tokens, Of: prompt}
	if c.since.IsZero() {
		c.since, c.from = time.Now(), tokens
	}
	if done := tokens - c.from; done > 0 {
		p.LeftMS = int(float64(time.Since(c.since).Milliseconds()) * float64(prompt-tokens) / float64(done))
	}
	return p
}

// AskKind is the kind of an Ask.
type AskKind string

// The kinds of asks.
const (
	AskRun    AskKind = "run"    // run Request
	AskAnswer AskKind = "answer" // run Request for its result alone, of which nothing is kept
	AskHead   AskKind = "head"   // what head Head of Layer saw in the run of Request
	AskLoad   AskKind = "load"   // load the model in File, to be ready
	AskCancel AskKind = "cancel" // end the ask of the same ID
)

// Ask is a message of a page to a worker.
type Ask struct {
	ID      int          `json:"id"` // of all that is said about it
	Kind    AskKind      `json:"kind"`
	Request *run.Request `json:"request,omitempty"` // of AskRun, AskAnswer and AskHead
	Layer   int          `json:"layer,omitempty"`
	Head    int          `json:"head,omitempty"`
	File    SiteFile     `json:"file"` // the model, by the name that Request has
}

// FailureOf tells an error as a run does that ends in it.
func FailureOf(err error) *trace.Failure {
	var e *input.Error
	if errors.As(err, &e) {
		return &trace.Failure{Field: e.Field, Message: e.Problem}
	}
	return &trace.Failure{Message: err.Error()}
}

// ReplyKind is the kind of a Reply.
type ReplyKind string

// The kinds of replies. Each ask ends in one ReplyEnd.
const (
	ReplyFrame    ReplyKind = "frame"    // beside it: a frame of package trace
	ReplyProgress ReplyKind = "progress" // Progress
	ReplyHead     ReplyKind = "head"     // beside it: a head as package lens writes it
	ReplyEnd      ReplyKind = "end"      // Failure, nil where all went well
)

// Reply is a message of a worker about an ask.
type Reply struct {
	ID       int            `json:"id"`
	Kind     ReplyKind      `json:"kind"`
	Progress *RunProgress   `json:"progress,omitempty"`
	Failure  *trace.Failure `json:"failure,omitempty"`
	Model    *run.ModelInfo `json:"model,omitempty"` // that an AskLoad has loaded

	Result *figures.Result `json:"result,omitempty"` // of an AskAnswer
}
