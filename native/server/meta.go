package server

import (
	"net/http"

	"kvscope/engine/run"
)

// limits are what the server allows.
type limits struct {
	RequestBytes int `json:"request_bytes"`
	Runs         int `json:"runs"` // at once
}

// meta answers with what a page needs to offer choices.
func (s *Server) meta(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, struct {
		Version string          `json:"version"`
		Models  []run.ModelInfo `json:"models"`
		Limits  limits          `json:"limits"`
	}{s.version, s.runner.Models(), limits{maxRequest, cap(s.slots.taken)}})
}
