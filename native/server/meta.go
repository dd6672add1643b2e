package server

import (
	"net/http"
	"slices"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// meta is what a page needs to offer choices.
type meta struct {
	Version string          `json:"version"`
	Models  []run.ModelInfo `json:"models"`
	Tasks   []task          `json:"tasks"`
	Methods []sparse.Info   `json:"methods"`
	Limits  limits          `json:"limits"`
}

// task describes a needle task.
type task struct {
	ID       string `json:"id"`
	RULER    string `json:"ruler"`    // its name there
	Haystack string `json:"haystack"` // what surrounds the needles
	Key      string `json:"key"`      // kind of the keys
	Value    string `json:"value"`    // kind of the values
	Keys     int    `json:"keys"`
	Values   int    `json:"values"` // of each key
	Queries  int    `json:"queries"`
}

// limits are what the server allows.
type limits struct {
	RequestBytes int `json:"request_bytes"`
	Runs         int `json:"runs"` // at once
}

func (s *Server) meta(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, meta{
		Version: s.version,
		Models:  s.listModels(),
		Tasks:   tasks(),
		Methods: methods(),
		Limits:  limits{RequestBytes: maxRequest, Runs: cap(s.slots.taken)},
	})
}

func tasks() []task {
	var out []task
	for _, t := range niah.Tasks() {
		out = append(out, task{
			ID: t.ID, RULER: t.RULER, Haystack: string(t.Haystack), Key: string(t.Key), Value: string(t.Value),
			Keys: t.Keys, Values: t.Values, Queries: t.Queries,
		})
	}
	return out
}

// methods describes the methods by the parameters that a request can set.
func methods() []sparse.Info {
	known := requestFields()
	out := sparse.Methods()
	for i := range out {
		out[i].Params = slices.DeleteFunc(slices.Clone(out[i].Params), func(p sparse.Param) bool {
			return !slices.Contains(known, p.Name)
		})
	}
	return out
}
