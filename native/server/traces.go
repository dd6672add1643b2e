package server

import (
	"errors"
	"net/http"
	"time"

	"kvscope/native/store"
	"kvscope/web/api"
	"kvscope/web/traces"
)

// traceTimeout is how long the file of a trace may take to come, or to go.
const traceTimeout = 5 * time.Minute

// maxKeeping bounds the traces that come at once, which take room before they are counted.
const maxKeeping = 4

// traces lists what keeps recorded runs.
func (s *Server) traces(all *addresses) {
	const one = "/api/traces/{key}"
	all.handle("GET", "/api/traces", s.listTraces)
	handle := func(method string, f handler, fields ...string) {
		all.handle(method, one, func(w http.ResponseWriter, r *http.Request) error {
			if s.kept == nil {
				return refuse(http.StatusServiceUnavailable, "", "no traces are kept: %s", s.lab.why())
			}
			return f(w, r)
		}, fields...)
	}
	handle("GET", s.showTrace)
	handle("PUT", s.keepTrace, "name")
	handle("PATCH", s.changeTrace)
	handle("DELETE", func(w http.ResponseWriter, r *http.Request) error {
		if err := s.kept.Remove(r.PathValue("key")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

// listTraces lists the traces that are kept, or says that none are.
func (s *Server) listTraces(w http.ResponseWriter, _ *http.Request) error {
	answer := api.Traces{Kept: s.kept != nil, Traces: traces.List{}}
	var err error
	if answer.Kept {
		answer.Traces, err = s.kept.List()
	}
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
	}
	return err
}

// showTrace answers with the file of a trace.
func (s *Server) showTrace(w http.ResponseWriter, r *http.Request) error {
	f, err := s.kept.Open(r.PathValue("key"))
	if err != nil {
		return err
	}
	defer f.Close()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(traceTimeout))
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

// keepTrace keeps the file that a request brings under the name that it gives, in its turn.
func (s *Server) keepTrace(w http.ResponseWriter, r *http.Request) error {
	t, err := s.receiveTrace(w, r)
	var tooLarge *http.MaxBytesError
	if err != nil {
		discard(w, r)
	}
	switch {
	case errors.As(err, &tooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "file", tooLargeFormat, store.MaxTrace)
	case err != nil:
		return err
	}
	writeJSON(w, http.StatusOK, t)
	return nil
}

func (s *Server) receiveTrace(w http.ResponseWriter, r *http.Request) (t traces.Trace, err error) {
	if err := s.keeping.acquire(r.Context()); err != nil {
		return t, err
	}
	defer s.keeping.release()
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(traceTimeout))
	return s.kept.Keep(r.PathValue("key"), r.URL.Query().Get("name"), http.MaxBytesReader(w, r.Body, store.MaxTrace))
}

// changeTrace gives a trace another name and note.
func (s *Server) changeTrace(w http.ResponseWriter, r *http.Request) error {
	change, err := readObject[traces.Change](w, r)
	if err != nil {
		return err
	}
	t, err := s.kept.Change(r.PathValue("key"), change)
	if err == nil {
		writeJSON(w, http.StatusOK, t)
	}
	return err
}
