package server

import (
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/web/api"
)

// texts lists what keeps texts that are too long for an address.
func (s *Server) texts(all *addresses) {
	handle := func(method string, f handler) {
		all.handle(method, "/api/texts/{name}", func(w http.ResponseWriter, r *http.Request) error {
			switch {
			case s.lab.store == nil:
				return refuse(http.StatusServiceUnavailable, "", "no texts are kept: %s", s.lab.why())
			case !api.IsTextName(r.PathValue("name")):
				return input.Errorf("name", "16 hexadecimal digits are expected, the first of the text's SHA-256")
			}
			return f(w, r)
		})
	}
	handle("GET", s.showText)
	handle("PUT", s.keepText)
}

// keepText keeps the text that a request brings, whose name must be its own.
func (s *Server) keepText(w http.ResponseWriter, r *http.Request) error {
	text, err := readBody(w, r, "text/plain", "text", api.MaxText)
	if err != nil {
		return err
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
