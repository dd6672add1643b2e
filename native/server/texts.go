package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/native/store"
	"kvscope/web/api"
)

// texts lists what keeps texts that are too long for an address.
func (s *Server) texts(all *addresses) {
	handle := func(method string, f handler) {
		all.handle(method, "/api/texts/{name}", func(w http.ResponseWriter, r *http.Request) error {
			switch {
			case s.lab.store == nil:
				writeError(w, http.StatusServiceUnavailable, "", "no texts are kept: "+s.lab.why())
				return nil
			case !api.IsTextName(r.PathValue("name")):
				return input.Errorf("name", "16 hexadecimal digits are expected, the first of the text's SHA-256")
			}
			return f(w, r)
		})
	}
	handle("GET", s.showText)
	handle("PUT", s.keepText)
}

// readText reads the text that a request brings, or answers what is wrong with it.
func readText(w http.ResponseWriter, r *http.Request) (text []byte, ok bool) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "text/plain" {
		writeError(w, http.StatusUnsupportedMediaType, "", "the Content-Type must be text/plain")
		return nil, false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, api.MaxText))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		discard(w, r)
		writeError(w, http.StatusRequestEntityTooLarge, "text", fmt.Sprintf("more than %d bytes", api.MaxText))
	case err != nil:
		writeError(w, http.StatusBadRequest, "", "read request: "+err.Error())
	}
	return text, err == nil
}

// keepText keeps the text that a request brings, whose name must be its own.
func (s *Server) keepText(w http.ResponseWriter, r *http.Request) error {
	text, ok := readText(w, r)
	if !ok {
		return nil
	}
	name := r.PathValue("name")
	switch {
	case len(text) == 0 || !utf8.Valid(text):
		return input.Errorf("text", "text in UTF-8 is expected")
	case api.TextName(string(text)) != name:
		return input.Errorf("name", "%s, the text's is %s", name, api.TextName(string(text)))
	}
	if err := s.lab.store.KeepText(r.Context(), string(text), api.MaxTexts); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": name, "bytes": len(text)})
	return nil
}

// showText answers with a text.
func (s *Server) showText(w http.ResponseWriter, r *http.Request) error {
	text, err := s.lab.store.Text(r.Context(), r.PathValue("name"))
	if errors.Is(err, store.ErrNoText) {
		writeError(w, http.StatusNotFound, "name", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	answerSoon(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, text) //nolint:errcheck // a client that is gone needs no answer
	return nil
}
