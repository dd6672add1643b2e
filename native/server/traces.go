package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"kvscope/native/store"
	"kvscope/web/api"
	"kvscope/web/traces"
)

// traceTimeout is how long the file of a trace may take to come, or to go.
const traceTimeout = 5 * time.Minute

// listTraces is the one request that is answered where no traces are kept: it says so.
const listTraces = "GET /api/traces"

// traces registers what keeps recorded runs.
func (s *Server) traces(mux *http.ServeMux) {
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if s.kept.Folder == "" && pattern != listTraces {
				writeError(w, http.StatusServiceUnavailable, "", "no traces are kept: "+s.lab.why())
				return
			}
			err := f(w, r)
			var tooLarge *http.MaxBytesError
			switch {
			case errors.Is(err, store.ErrNoTrace):
				writeError(w, http.StatusNotFound, "key", err.Error())
			case errors.As(err, &tooLarge):
				discard(w, r)
				writeError(w, http.StatusRequestEntityTooLarge, "file", fmt.Sprintf("more than %d bytes", store.MaxTrace))
			case err != nil:
				s.fail(w, r, err)
			}
		})
	}
	handle(listTraces, func(w http.ResponseWriter, _ *http.Request) error {
		answer := api.Traces{Kept: s.kept.Folder != "", Traces: traces.List{}}
		var err error
		if answer.Kept {
			answer.Traces, err = s.kept.List()
		}
		if err == nil {
			writeJSON(w, http.StatusOK, answer)
		}
		return err
	})
	handle("GET /api/traces/{key}", s.showTrace)
	handle("PUT /api/traces/{key}", s.keepTrace)
	handle("PATCH /api/traces/{key}", s.changeTrace)
	handle("DELETE /api/traces/{key}", func(w http.ResponseWriter, r *http.Request) error {
		if err := s.kept.Remove(r.PathValue("key")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	for _, pattern := range []string{"/api/traces", "/api/traces/{key}"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", "GET, PUT, PATCH, DELETE")
			writeError(w, http.StatusMethodNotAllowed, "", "method "+r.Method+", allowed are GET of the list, and GET, PUT, PATCH and DELETE of a trace")
		})
	}
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
	if err == nil {
		writeJSON(w, http.StatusOK, t)
	}
	return err
}

// changeTrace gives a trace another name and note.
func (s *Server) changeTrace(w http.ResponseWriter, r *http.Request) error {
	change, ok := readObject[traces.Change](w, r)
	if !ok {
		return nil
	}
	t, err := s.kept.Change(r.PathValue("key"), change)
	if err == nil {
		writeJSON(w, http.StatusOK, t)
	}
	return err
}
