package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/native/jobs"
	"kvscope/native/store"
	"kvscope/native/summary"
	"kvscope/web/api"
)

// laboratory holds the parts that experiments run with. Without a store there are no
// experiments, and none says why.
type laboratory struct {
	store *store.Store
	jobs  *jobs.Dispatcher
	none  string

	estimator *jobs.Estimator
}

// why is why there are none.
func (l *laboratory) why() string {
	if l.none == "" {
		return "this server was started without"
	}
	return l.none
}

// maxName bounds the name of an experiment, in bytes.
const maxName = 200

// experiments lists the endpoints of experiments.
func (s *Server) experiments(all *addresses) {
	const one = "/api/experiments/{id}"
	handle := func(method, path string, f handler, fields ...string) {
		all.handle(method, path, func(w http.ResponseWriter, r *http.Request) error {
			if s.lab.store == nil || s.lab.jobs == nil {
				return refuse(http.StatusServiceUnavailable, "", "no experiments: %s", s.lab.why())
			}
			return f(w, r)
		}, fields...)
	}
	handle("GET", "/api/experiments", s.listExperiments)
	handle("POST", "/api/experiments", s.createExperiment)
	handle("POST", "/api/experiments/estimate", s.estimate)
	handle("GET", one, s.showExperiment)
	handle("DELETE", one, s.removeExperiment)
	for name, state := range map[string]api.State{"pause": api.Paused, "resume": api.Running, "cancel": api.Cancelled} {
		handle("POST", one+"/"+name, func(w http.ResponseWriter, r *http.Request) error { return s.decide(w, r, state) })
	}
	handle("GET", one+"/progress", s.progress)
	handle("GET", one+"/hits", s.hits)
	handle("GET", one+"/examples", s.examples, rowFields()...)
	handle("GET", one+"/charts", s.charts, "paper")
	handle("GET", one+"/chart.svg", s.chartSVG, "paper", "chart")
	handle("GET", one+"/export", s.export, "format", "table")
}

func (s *Server) listExperiments(w http.ResponseWriter, r *http.Request) error {
	list, err := s.lab.store.Experiments(r.Context())
	if err != nil {
		return err
	}
	out := api.List{Experiments: []api.Described{}, Workers: s.lab.jobs.Workers()}
	for _, e := range list {
		one, err := s.described(r, e)
		if errors.Is(err, store.ErrNotFound) {
			continue // removed since it was listed
		}
		if err != nil {
			return err
		}
		out.Experiments = append(out.Experiments, one)
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// parseOrder reads an order and lists its cells, all of which can run.
func (s *Server) parseOrder(w http.ResponseWriter, r *http.Request) (o api.Order, cells []experiment.Cell, err error) {
	if o, err = readObject[api.Order](w, r); err != nil {
		return o, nil, err
	}
	if cells, err = o.Grid.Cells(s.runner.Models(), s.version); err != nil {
		return o, nil, err
	}
	if len(o.Name) > maxName || !utf8.ValidString(o.Name) {
		return o, nil, input.Errorf("name", "%d bytes, want at most %d of text", len(o.Name), maxName)
	}
	if strings.ContainsFunc(o.Name, unicode.IsControl) {
		return o, nil, input.Errorf("name", "%q, want one line without control characters", o.Name)
	}
	if err = experiment.Check(r.Context(), s.runner, cells); err != nil {
		return o, nil, err
	}
	return o, cells, nil
}

func (s *Server) createExperiment(w http.ResponseWriter, r *http.Request) error {
	o, cells, err := s.parseOrder(w, r)
	if err != nil {
		return err
	}
	if o.Name = strings.TrimSpace(o.Name); o.Name == "" {
		o.Name = strings.Join(o.Grid.Methods, ", ") + " on " + strings.Join(o.Grid.Tasks, ", ")
	}
	e, err := s.lab.jobs.Create(r.Context(), o.Name, o.Grid, cells)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/experiments/"+e.ID)
	made, err := s.described(r, e)
	if err != nil {
		return err
	}
	made.Ignored = o.Grid.Unused(s.runner.Models())
	writeJSON(w, http.StatusCreated, made)
	return nil
}

// described is an experiment and how it is doing.
func (s *Server) described(r *http.Request, e api.Experiment) (api.Described, error) {
	status, err := s.lab.jobs.Status(r.Context(), e.ID)
	return api.Describe(e, status), err
}

// estimate tells what an experiment would cost. Trying an example takes a turn
// among the runs.
func (s *Server) estimate(w http.ResponseWriter, r *http.Request) error {
	o, cells, err := s.parseOrder(w, r)
	if err != nil {
		return err
	}
	if err := s.slots.acquire(r.Context()); err != nil {
		return err
	}
	defer s.slots.release()
	e, err := s.lab.estimator.Estimate(r.Context(), cells)
	if err != nil {
		return err
	}
	e.Workers, e.Ignored = len(s.lab.jobs.Workers()), o.Grid.Unused(s.runner.Models())
	writeJSON(w, http.StatusOK, e)
	return nil
}

func (s *Server) showExperiment(w http.ResponseWriter, r *http.Request) error {
	e, result, err := s.results(r)
	if err != nil {
		return err
	}
	out, err := s.described(r, e)
	if err != nil {
		return err
	}
	out.Rows = result.Rows
	if out.Failures, err = s.lab.store.Failures(r.Context(), e.ID); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// results are the sums of the experiment that a request names.
func (s *Server) results(r *http.Request) (api.Experiment, experiment.Result, error) {
	e, cells, err := s.measured(r)
	if err != nil {
		return e, experiment.Result{}, err
	}
	return e, summary.Sum(cells), nil
}

// measured are the computed cells of the experiment that a request names.
func (s *Server) measured(r *http.Request) (api.Experiment, []experiment.Measured, error) {
	e, err := s.lab.store.Experiment(r.Context(), r.PathValue("id"))
	if err != nil {
		return e, nil, err
	}
	cells, err := s.lab.store.Measured(r.Context(), e.ID)
	return e, cells, err
}

func (s *Server) removeExperiment(w http.ResponseWriter, r *http.Request) error {
	if err := s.lab.jobs.Remove(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

// decide pauses, resumes or cancels.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, state api.State) error {
	id := r.PathValue("id")
	if err := s.lab.jobs.SetState(r.Context(), id, state); err != nil {
		return err
	}
	e, err := s.lab.store.Experiment(r.Context(), id)
	if err != nil {
		return err
	}
	decided, err := s.described(r, e)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, decided)
	return nil
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
func (s *Server) progress(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	changed := s.lab.jobs.Watch(ctx)
	stream := events{w: w, timeout: s.writeTimeout}
	for {
		status, err := s.lab.jobs.Status(ctx, r.PathValue("id"))
		if err != nil && stream.begun {
			return nil // the stream ends, and the page asks again
		}
		if err != nil {
			return err
		}
		if err := stream.send(status); err != nil {
			return nil // the page is gone
		}
		if status.Over || status.State == api.Cancelled {
			return nil
		}
		select {
		case <-time.After(progressEvery):
		case <-ctx.Done():
			return nil
		}
		select {
		case <-changed:
		case <-time.After(progressAtLeast):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) hits(w http.ResponseWriter, r *http.Request) error {
	_, result, err := s.results(r)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, api.Hits{Hits: result.Hits})
	return nil
}

// examples lists the examples of one row, and one of its cells to ask them again.
func (s *Server) examples(w http.ResponseWriter, r *http.Request) error {
	row, err := rowOf(r)
	if err != nil {
		return err
	}
	_, cells, err := s.measured(r)
	if err != nil {
		return err
	}
	list, cell := summary.Examples(cells, row)
	writeJSON(w, http.StatusOK, api.Examples{Cell: cell, Examples: list})
	return nil
}
