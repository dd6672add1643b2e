package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// asked lets f answer a request whose query has no other fields than these, each once.
func asked(f handler, fields []string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return input.Errorf("query", "%v", err)
		}
		for name, values := range query {
			switch {
			case !slices.Contains(fields, name) && len(fields) == 0:
				return input.Errorf(name, "unknown field, this address takes none")
			case !slices.Contains(fields, name):
				return input.Errorf(name, "unknown field, allowed are %s", strings.Join(fields, ", "))
			case len(values) > 1:
				return input.Errorf(name, "the field comes %d times, want it once", len(values))
			}
		}
		return f(w, r)
	}
}

// rowFields are the fields of a query that names a row of results.
func rowFields() []string {
	fields := []string{"model", "task", "method", "selector", "select_with", "compute_with"}
	for _, p := range sparse.Params() {
		fields = append(fields, p.Name)
	}
	return fields
}
