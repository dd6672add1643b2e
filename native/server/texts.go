package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"unicode/utf8"

	"kvscope/native/store"
	"kvscope/web/api"
)

// texts registers what keeps texts that are too long for an address.
func (s *Server) texts(mux *http.ServeMux) {
	mux.HandleFunc("/api/texts/{name}", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.lab.store == nil:
			writeError(w, http.StatusServiceUnavailable, "", "no texts are kept: "+s.lab.why())
		case !api.IsTextName(r.PathValue("name")):
			writeError(w, http.StatusBadRequest, "name", "16 hexadecimal digits are expected, the first of the text's SHA-256")
		case r.Method == http.MethodPut:
			s.keepText(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			s.showText(w, r)
		default:
			w.Header().Set("Allow", "GET, PUT")
			writeError(w, http.StatusMethodNotAllowed, "", "method "+r.Method+", only GET and PUT are allowed here")
		}
	})
}

// keepText keeps the text that a request brings, whose name must be its own.
func (s *Server) keepText(w http.ResponseWriter, r *http.Request) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "text/plain" {
		writeError(w, http.StatusUnsupportedMediaType, "", "the Content-Type must be text/plain")
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, api.MaxText))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		discard(w, r)
		writeError(w, http.StatusRequestEntityTooLarge, "text", fmt.Sprintf("more than %d bytes", api.MaxText))
		return
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, "", "read request: "+err.Error())
		return
	}
	name := r.PathValue("name")
	switch {
	case len(text) == 0 || !utf8.Valid(text):
		writeError(w, http.StatusBadRequest, "text", "text in UTF-8 is expected")
		return
	case api.TextName(string(text)) != name:
		writeError(w, http.StatusBadRequest, "name", fmt.Sprintf("%s, the text's is %s", name, api.TextName(string(text))))
		return
	}
	if err := s.lab.store.KeepText(r.Context(), string(text), api.MaxTexts); err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": name, "bytes": len(text)})
}

// showText answers with a text.
func (s *Server) showText(w http.ResponseWriter, r *http.Request) {
	text, err := s.lab.store.Text(r.Context(), r.PathValue("name"))
	if errors.Is(err, store.ErrNoText) {
		writeError(w, http.StatusNotFound, "name", err.Error())
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answerSoon(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, text) //nolint:errcheck // a client that is gone needs no answer
}
