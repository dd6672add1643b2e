package server

import (
	"net/http"
	"slices"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/web/api"
)

// meta says what a page needs to offer choices.
func (s *Server) meta(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, s.describe())
	return nil
}

func (s *Server) describe() api.Meta {
	meta := metaOf(s.version, s.listModels(), cap(s.slots.taken))
	meta.Limits.KeptBytes, meta.Limits.OpenPath = s.keptBytes(), s.openModel != nil
	if s.lab.store != nil {
		meta.Limits.TextBytes = api.MaxText
	}
	return meta
}

// metaOf describes an engine with these models that runs so many requests at once.
func metaOf(version string, models []run.ModelInfo, runs int) api.Meta {
	return api.Meta{
		Version: version,
		Models:  models,
		Tasks:   tasks(),
		Methods: methods(),
		Limits:  api.Limits{RequestBytes: maxRequest, Runs: runs},
	}
}

// keptBytes is about how much memory kept runs may take, 0 where none are kept.
func (s *Server) keptBytes() int {
	if keeper, ok := s.runner.(RunCache); ok {
		return keeper.Limit()
	}
	return 0
}

func tasks() []api.Task {
	var out []api.Task
	for _, t := range niah.Tasks() {
		out = append(out, api.Task{
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
