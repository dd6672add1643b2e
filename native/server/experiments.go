package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/native/jobs"
	"kvscope/native/store"
	"kvscope/native/summary"
)

// laboratory is what experiments need. Without a store there are none, and none
// says why.
type laboratory struct {
	store *store.Store
	jobs  *jobs.Dispatcher
	none  string

	estimator *jobs.Estimator
}

// maxName bounds the name of an experiment, in bytes.
const maxName = 200

// order is what asks for an experiment.
type order struct {
	Name string          `json:"name"`
	Grid experiment.Grid `json:"grid"`
}

// told is an experiment and how it is doing.
type told struct {
	store.Experiment
	Status   jobs.Status      `json:"status"`
	Rows     []experiment.Row `json:"rows,omitempty"`
	Failures []store.Failure  `json:"failures,omitempty"`
}

// experiments registers the endpoints of experiments.
func (s *Server) experiments(mux *http.ServeMux) {
	handle := func(pattern string, f http.HandlerFunc) {
		mux.Handle(pattern, s.inLab(f))
	}
	handle("GET /api/experiments", s.listExperiments)
	handle("POST /api/experiments", s.createExperiment)
	handle("POST /api/experiments/estimate", s.estimate)
	handle("GET /api/experiments/{id}", s.showExperiment)
	handle("DELETE /api/experiments/{id}", s.removeExperiment)
	for name, state := range map[string]store.State{"pause": store.Paused, "resume": store.Running, "cancel": store.Cancelled} {
		handle("POST /api/experiments/{id}/"+name, func(w http.ResponseWriter, r *http.Request) { s.decide(w, r, state) })
	}
	handle("GET /api/experiments/{id}/progress", s.progress)
	handle("GET /api/experiments/{id}/hits", s.hits)
	handle("GET /api/experiments/{id}/examples", s.examples)
	handle("GET /api/experiments/{id}/charts", s.charts)
	handle("GET /api/experiments/{id}/chart.svg", s.chartSVG)
	handle("GET /api/experiments/{id}/export", s.export)
	handle("/api/experiments/{id}/{what}", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "", "no such part of an experiment, or not by this method")
	})
	handle("/api/experiments", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "GET, POST")
		writeError(w, http.StatusMethodNotAllowed, "", "method "+r.Method+", only GET and POST are allowed here")
	})
}

// inLab lets a request through where there are experiments.
func (s *Server) inLab(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.lab.store == nil || s.lab.jobs == nil {
			why := s.lab.none
			if why == "" {
				why = "this server was started without"
			}
			writeError(w, http.StatusServiceUnavailable, "", "no experiments: "+why)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fail answers with what went wrong in the laboratory.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case input.Field(err) != "":
		writeError(w, http.StatusBadRequest, input.Field(err), problem(err))
	case errors.Is(err, store.ErrNotFound):
		writeError(w, http.StatusNotFound, "id", store.ErrNotFound.Error())
	case r.Context().Err() != nil: // nobody is there to hear
	default:
		s.log.Error("experiments", "path", r.URL.Path, "err", err)
		writeError(w, http.StatusInternalServerError, "", err.Error())
	}
}

func (s *Server) listExperiments(w http.ResponseWriter, r *http.Request) {
	list, err := s.lab.store.Experiments(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := []told{}
	for _, e := range list {
		status, err := s.lab.jobs.Status(r.Context(), e.ID)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		out = append(out, told{Experiment: e, Status: status})
	}
	writeJSON(w, http.StatusOK, struct {
		Experiments []told          `json:"experiments"`
		Workers     []jobs.Presence `json:"workers"`
	}{out, s.lab.jobs.Workers()})
}

// ordered reads an order and lists its cells, or answers what is wrong with it.
func (s *Server) ordered(w http.ResponseWriter, r *http.Request) (order, []experiment.Cell, bool) {
	o, ok := readObject[order](w, r)
	if !ok {
		return o, nil, false
	}
	cells, err := o.Grid.Cells(s.runner.Models(), s.version)
	if err == nil && (len(o.Name) > maxName || !utf8.ValidString(o.Name)) {
		err = input.Errorf("name", "%d bytes, want at most %d of text", len(o.Name), maxName)
	}
	if err != nil {
		s.fail(w, r, err)
		return o, nil, false
	}
	return o, cells, true
}

func (s *Server) createExperiment(w http.ResponseWriter, r *http.Request) {
	o, cells, ok := s.ordered(w, r)
	if !ok {
		return
	}
	if o.Name = strings.TrimSpace(o.Name); o.Name == "" {
		o.Name = strings.Join(o.Grid.Methods, ", ") + " on " + strings.Join(o.Grid.Tasks, ", ")
	}
	e, err := s.lab.jobs.Create(r.Context(), o.Name, o.Grid, cells)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/experiments/"+e.ID)
	s.answerExperiment(w, r, http.StatusCreated, e)
}

// answerExperiment answers with an experiment and how it is doing.
func (s *Server) answerExperiment(w http.ResponseWriter, r *http.Request, code int, e store.Experiment) {
	status, err := s.lab.jobs.Status(r.Context(), e.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, code, told{Experiment: e, Status: status})
}

// estimate tells what an experiment would cost. Trying an example takes a turn
// among the runs.
func (s *Server) estimate(w http.ResponseWriter, r *http.Request) {
	_, cells, ok := s.ordered(w, r)
	if !ok {
		return
	}
	if err := s.slots.acquire(r.Context()); err != nil {
		writeError(w, statusOf(err), "", err.Error())
		return
	}
	defer s.slots.release()
	e, err := s.lab.estimator.Estimate(r.Context(), cells)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		jobs.Estimate
		Workers int `json:"workers"`
	}{e, len(s.lab.jobs.Workers())})
}

func (s *Server) showExperiment(w http.ResponseWriter, r *http.Request) {
	e, result, err := s.results(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status, err := s.lab.jobs.Status(r.Context(), e.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	failures, err := s.lab.store.Failures(r.Context(), e.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, told{Experiment: e, Status: status, Rows: result.Rows, Failures: failures})
}

// results are the sums of the experiment that a request names.
func (s *Server) results(r *http.Request) (store.Experiment, experiment.Result, error) {
	e, cells, err := s.measured(r)
	if err != nil {
		return e, experiment.Result{}, err
	}
	return e, summary.Sum(cells), nil
}

// measured are the computed cells of the experiment that a request names.
func (s *Server) measured(r *http.Request) (store.Experiment, []experiment.Measured, error) {
	e, err := s.lab.store.Experiment(r.Context(), r.PathValue("id"))
	if err != nil {
		return e, nil, err
	}
	cells, err := s.lab.store.Measured(r.Context(), e.ID)
	return e, cells, err
}

func (s *Server) removeExperiment(w http.ResponseWriter, r *http.Request) {
	if err := s.lab.jobs.Remove(r.Context(), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

// decide pauses, resumes or cancels.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, state store.State) {
	id := r.PathValue("id")
	if err := s.lab.jobs.SetState(r.Context(), id, state); err != nil {
		s.fail(w, r, err)
		return
	}
	e, err := s.lab.store.Experiment(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answerExperiment(w, r, http.StatusOK, e)
}

const (
	// progressEvery is how often a page is told of progress at most.
	progressEvery = 250 * time.Millisecond
	// progressAtLeast is how often it is told when nothing happens, so that a
	// connection that is gone is noticed.
	progressAtLeast = 5 * time.Second
)

// progress streams how an experiment is doing as server-sent events, until nothing
// is left to compute.
func (s *Server) progress(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	changed := s.lab.jobs.Watch(ctx)
	stream := events{w: w, timeout: s.writeTimeout}
	for {
		status, err := s.lab.jobs.Status(ctx, r.PathValue("id"))
		if err != nil {
			if !stream.begun {
				s.fail(w, r, err)
			}
			return
		}
		if err := stream.send(status); err != nil {
			return // the page is gone
		}
		if status.Over || status.State == store.Cancelled {
			return
		}
		select {
		case <-time.After(progressEvery):
		case <-ctx.Done():
			return
		}
		select {
		case <-changed:
		case <-time.After(progressAtLeast):
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) hits(w http.ResponseWriter, r *http.Request) {
	_, result, err := s.results(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Hits []experiment.Hit `json:"hits"`
	}{result.Hits})
}

// examples lists the examples of one row, and one of its cells to ask them again.
func (s *Server) examples(w http.ResponseWriter, r *http.Request) {
	row, err := rowOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, cells, err := s.measured(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, cell := summary.Examples(cells, row)
	writeJSON(w, http.StatusOK, struct {
		Cell     experiment.Cell      `json:"cell"`
		Examples []experiment.Example `json:"examples"`
	}{cell, list})
}
