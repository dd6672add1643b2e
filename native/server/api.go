package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/store"
)

// discardTimeout bounds the patience with a body that is refused.
const discardTimeout = 10 * time.Second

// api lists everything below /api/.
func (s *Server) api() addresses {
	var all addresses
	all.handle("GET", "/api/models", s.models)
	all.handle("POST", "/api/models/open", s.open)
	all.handle("GET", "/api/meta", s.meta)
	all.handle("POST", "/api/ask", s.ask)
	all.handle("GET", "/api/run", s.stream, "progress")
	all.handle("POST", "/api/runs", s.keep)
	all.handle("GET", "/api/runs/{id}/head", s.head, "layer", "head")
	s.texts(&all)
	s.traces(&all)
	s.experiments(&all)
	return all
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, struct {
		Models []run.ModelInfo `json:"models"`
	}{s.listModels()})
	return nil
}

// listModels is a list even when it is empty, never null.
func (s *Server) listModels() []run.ModelInfo {
	return append([]run.ModelInfo{}, s.runner.Models()...)
}

// opened names a model to open.
type opened struct {
	Path      string `json:"path"`                // of a file or folder on the server's machine
	Tokenizer string `json:"tokenizer,omitempty"` // a file of one, where the model came without
}

// open adds the model at a path, and answers with all models as they are then, the new one
// last.
func (s *Server) open(w http.ResponseWriter, r *http.Request) error {
	req, err := readObject[opened](w, r)
	switch {
	case err != nil:
		return err
	case s.openModel == nil:
		return refuse(http.StatusForbidden, "path", "models are opened by path only where the server listens to its own machine alone; start it with kvscope serve --model PATH")
	case strings.TrimSpace(req.Path) == "":
		return input.Errorf("path", "missing, want a model file or folder on this machine")
	}
	if err := s.openModel(req.Path, req.Tokenizer); err != nil {
		s.log.Info("model not opened", "path", req.Path, "err", err)
		if why, ok := strings.CutPrefix(err.Error(), "tokenizer: "); ok && input.Field(err) == "tokenizer" {
			return input.Errorf("tokenizer", "%s", why)
		}
		return input.Errorf("path", "%s", strings.TrimPrefix(err.Error(), "model: "))
	}
	s.log.Info("model opened", "path", req.Path)
	return s.models(w, r)
}

// ask runs a request to its end and answers with the result, or with those of its questions.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	req, err := readObject[run.Request](w, r)
	if err != nil {
		return err
	}
	answers, err := s.answers(r.Context(), req)
	switch {
	case err != nil:
		return err
	case req.Questions == nil:
		writeJSON(w, http.StatusOK, answers.Questions[0].Result)
	default:
		writeJSON(w, http.StatusOK, answers)
	}
	return nil
}

// answers are the answers to all questions of req, one after the other.
func (s *Server) answers(ctx context.Context, req run.Request) (figures.Answers, error) {
	all := []run.Request{req}
	if by, several := s.runner.(Questioner); several {
		var err error
		if all, err = by.Questions(req); err != nil {
			return figures.Answers{}, err
		}
	}
	var out []figures.Answered
	for _, one := range all {
		var record trace.Outcome
		if err := s.run(ctx, one, &record); err != nil {
			return figures.Answers{}, err
		}
		result, finished := figures.ResultOf(&record.Run)
		if !finished {
			return figures.Answers{}, errUnfinished
		}
		out = append(out, figures.Answered{Key: one.Key, Result: result})
	}
	return figures.AnswersOf(out), nil
}

// readObject reads the T that a request brings.
func readObject[T any](w http.ResponseWriter, r *http.Request) (req T, err error) {
	body, err := readBody(w, r, "application/json", "", maxRequest)
	if err != nil {
		return req, err
	}
	if req, err = parseObject[T](body); err != nil {
		return req, refuse(http.StatusBadRequest, input.Field(err), "%s", problem(err))
	}
	return req, nil
}

// readBody reads a request's body, of a media type and of at most so many bytes; field is what
// is to blame for more.
func readBody(w http.ResponseWriter, r *http.Request, mediaType, field string, most int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != mediaType {
		return nil, refuse(http.StatusUnsupportedMediaType, "", "the Content-Type must be %s", mediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		discard(w, r)
		return nil, refuse(http.StatusRequestEntityTooLarge, field, tooLargeFormat, most)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "", "read request: %v", err)
	}
	// The server's read timeout ends here: left in place, it would cancel the run.
	// A ResponseWriter without a connection has none to lift.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return body, nil
}

// discard lets a client finish sending a body that is refused, for a while and
// without keeping any of it: many clients look for an answer only then.
func discard(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(discardTimeout))
	_, _ = io.Copy(io.Discard, r.Body)
}

var (
	errPanic      = errors.New("internal error, the server's log has more")
	errUnfinished = errors.New("internal error: the run ended without a result")
)

// run runs req in its turn and keeps a panic of the engine from going further.
func (s *Server) run(ctx context.Context, req run.Request, sink trace.Sink) (err error) {
	if err := s.slots.acquire(ctx); err != nil {
		return err
	}
	defer s.slots.release()
	log := s.log.With("model", req.Model, "task", req.Task, "method", req.Method)
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			log.Error("run panicked", "panic", p, "stack", string(debug.Stack()))
			err = errPanic
			return
		}
		log.Info("run", "ms", time.Since(start).Milliseconds(), "err", err)
	}()
	return s.runner.Run(ctx, req, sink)
}

// problem is err as its reader should see it: without the field, which is told
// apart.
func problem(err error) string {
	var e *input.Error
	if errors.As(err, &e) {
		return e.Problem
	}
	return err.Error()
}

// fail answers with what went wrong.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		writeError(w, refused.status, refused.field, refused.message)
	case input.Field(err) != "":
		writeError(w, http.StatusBadRequest, input.Field(err), problem(err))
	case errors.Is(err, store.ErrNotFound):
		writeError(w, http.StatusNotFound, "id", store.ErrNotFound.Error())
	case errors.Is(err, store.ErrNoText):
		writeError(w, http.StatusNotFound, "name", err.Error())
	case errors.Is(err, store.ErrNoTrace):
		writeError(w, http.StatusNotFound, "key", err.Error())
	case r.Context().Err() != nil: // of who has gone, or of a server that stops, which is to be heard
		writeError(w, http.StatusServiceUnavailable, "", "given up before it was done")
	case errors.Is(err, errBusy):
		writeError(w, http.StatusServiceUnavailable, "", err.Error())
	default:
		s.log.Error("request failed", "path", r.URL.Path, "err", err)
		writeError(w, http.StatusInternalServerError, "", err.Error())
	}
}
