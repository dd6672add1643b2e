package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// Engine answers the page.
type Engine interface {
	// Meta says what the engine has.
	Meta(ctx context.Context) (api.Meta, error)
	// Run runs req and emits what happens to sink, in order, until the run is over,
	// ctx is cancelled or sink returns an error. A run that failed by itself ends in
	// a Failure event and a nil error; an error means that its end was never heard
	// of, and is a LostError when the engine could not be reached or went away.
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
	// Ask runs req to its end and says what came of it, without its selections.
	Ask(ctx context.Context, req run.Request) (figures.Result, error)
	// Head returns the queries and keys of one head in the run of req, which is run again
	// where it has been forgotten.
	Head(ctx context.Context, req run.Request, layer, head int) (*lens.HeadTensors, error)
}

// jsonType is the content type of requests.
const jsonType = "application/json"

// What is used of HTTP. The program does without net/http, which would bring TLS and
// certificates into it.
const (
	methodGet    = "GET"
	methodPost   = "POST"
	methodPut    = "PUT"
	methodDelete = "DELETE"

	statusOK         = 200
	statusBadRequest = 400
	statusNotFound   = 404
)

// ModelOpener is an Engine that opens models by their path on its machine.
type ModelOpener interface {
	// OpenModel opens one and lists all models then, the new one last.
	OpenModel(ctx context.Context, path string) ([]run.ModelInfo, error)
}

// Opener is an Engine that also runs models that people bring: those in files at addresses
// of the browser's own.
type Opener interface {
	Open(ctx context.Context, file api.SiteFile) (*run.ModelInfo, error)
}

// ProgressSink is a Sink that also wants to hear what a run waits for.
type ProgressSink interface {
	trace.Sink
	Progress(p api.RunProgress)
}

// statusError is an answer that is no success.
type statusError struct {
	at     string
	status int
}

func (e *statusError) Error() string { return fmt.Sprintf("ask %s: status %d", e.at, e.status) }

// LostError says that the engine could not be reached or went away.
type LostError struct{ Err error }

// Error says what happened.
func (e *LostError) Error() string { return fmt.Sprintf("connection lost: %v", e.Err) }

// Unwrap is the cause.
func (e *LostError) Unwrap() error { return e.Err }

// OutOfMemory reports whether err says that the browser gave the engine no more memory, as the
// Go runtime and the boot script say it.
func OutOfMemory(err error) bool { return err != nil && strings.Contains(err.Error(), "out of memory") }

// IsLost reports whether err says that the engine is gone.
func IsLost(err error) bool {
	var lost *LostError
	return errors.As(err, &lost)
}
