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

// traces lists what keeps recorded runs.
func (s *Server) traces(all *addresses) {
	const one = "/api/traces/{key}"
	all.handle("GET", "/api/traces", s.listTraces)
	handle := func(method string, f handler, fields ...string) {
		all.handle(method, one, func(w http.ResponseWriter, r *http.Request) error {
			if s.kept.Folder == "" {
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
	answer := api.Traces{Kept: s.kept.Folder != "", Traces: traces.List{}}
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

// keepTrace keeps the file that a request brings under the name that it gives.
func (s *Server) keepTrace(w http.ResponseWriter, r *http.Request) error {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(traceTimeout))
	t, err := s.kept.Keep(r.PathValue("key"), r.URL.Query().Get("name"), http.MaxBytesReader(w, r.Body, store.MaxTrace))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		discard(w, r)
		return refuse(http.StatusRequestEntityTooLarge, "file", "more than %d bytes", store.MaxTrace)
	case err != nil:
		return err
	}
	writeJSON(w, http.StatusOK, t)
	return nil
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
