package server

import (
	"net/http"
	"strconv"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// RunCache is a Runner that keeps its last runs to be looked into.
type RunCache interface {
	// Cached is the run whose header says id, nil when it is not, or no longer, kept.
	Cached(id string) *run.CachedRun
	// Limit is about how many bytes the runs kept may take.
	Limit() int
}

// discardSink is a sink for a run that is only made to be kept.
type discardSink struct{}

func (discardSink) Emit(trace.Event) error { return nil }

// keep runs a request unless its run is kept already, and says under which ID it is.
func (s *Server) keep(w http.ResponseWriter, r *http.Request) error {
	req, err := readObject[run.Request](w, r)
	if err != nil {
		return err
	}
	keeper, ok := s.runner.(RunCache)
	if !ok {
		return refuse(http.StatusNotImplemented, "", "this server keeps no runs")
	}
	id := req.ID()
	if keeper.Cached(id) == nil {
		if err := s.run(r.Context(), req, discardSink{}); err != nil {
			return err
		}
	}
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
	return nil
}

// head sends what one head saw, as package lens writes it.
func (s *Server) head(w http.ResponseWriter, r *http.Request) error {
	var kept *run.CachedRun
	if keeper, ok := s.runner.(RunCache); ok {
		kept = keeper.Cached(r.PathValue("id"))
	}
	if kept == nil {
		return refuse(http.StatusNotFound, "", "no such run is kept, POST its request to /api/runs first")
	}
	var at [2]int
	for i, name := range []string{"layer", "head"} {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil {
			return input.Errorf(name, "a whole number from 0 is expected")
		}
		at[i] = n
	}
	head, err := kept.Head(at[0], at[1])
	if err != nil {
		return err
	}
	file, err := head.Encode()
	if err != nil {
		panic(err) // a run holds as many queries as keys
	}
	answerSoon(w)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	// The ID says what was asked, and the same request makes the same run; but another
	// version of the program may not.
	w.Header().Set("Cache-Control", "no-store")
	w.Write(file) // a client that is gone needs no answer
	return nil
}
