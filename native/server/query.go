package server

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// handler answers a request, or returns why it did not, of which fail tells the client. Nothing
// is returned once an answer has begun.
type handler func(http.ResponseWriter, *http.Request) error

// addresses are all that the API answers to. Each comes with the fields that its query may
// have, so that none can forget to refuse others. Pages read the query of their own
// address, and say what they do not know; files take any, as tools that ask for them anew do.
type addresses []address

type address struct {
	method, path string
	answer       handler
	fields       []string
}

// handle answers a method at a path by f, of requests whose query has no other fields than
// these, each once.
func (a *addresses) handle(method, path string, f handler, fields ...string) {
	*a = append(*a, address{method: method, path: path, answer: f, fields: fields})
}

// mux answers by these addresses, and with what fail says of an error.
func (a addresses) mux(fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	mux := http.NewServeMux()
	byPath := map[string]addresses{}
	for _, one := range a {
		byPath[one.path] = append(byPath[one.path], one)
	}
	var paths []string
	for path, at := range byPath {
		paths = append(paths, path)
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := at.byMethod(w, r); err != nil {
				fail(w, r, err)
			}
		})
	}
	slices.Sort(paths)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, "", "no such endpoint, there are "+strings.Join(paths, ", "))
	})
	return mux
}

// byMethod answers by the one of these addresses, which are of one path, whose method a
// request has.
func (a addresses) byMethod(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, one := range a {
		if one.method == r.Method || one.method == http.MethodGet && r.Method == http.MethodHead {
			if err := checkQuery(r, one.fields); err != nil {
				return err
			}
			return one.answer(w, r)
		}
		allowed = append(allowed, one.method)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return refuse(http.StatusMethodNotAllowed, "", "method %s, allowed here: %s", r.Method, strings.Join(allowed, ", "))
}

// checkQuery refuses a request whose query has other fields than these, or one twice.
func checkQuery(r *http.Request, fields []string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return input.Errorf("query", "%v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch {
		case name == "":
			return input.Errorf("query", "a field without a name")
		case !slices.Contains(fields, name) && len(fields) == 0:
			return input.Errorf(name, "unknown field, this address takes none")
		case !slices.Contains(fields, name):
			return input.Errorf(name, "unknown field, allowed are %s", strings.Join(fields, ", "))
		case len(query[name]) > 1:
			return input.Errorf(name, "the field comes %d times, want it once", len(query[name]))
		}
	}
	return nil
}

// rowFields are the fields of a query that names a row of results.
func rowFields() []string {
	fields := []string{"model", "task", "method", "selector", "select_with", "compute_with"}
	for _, p := range sparse.Params() {
		fields = append(fields, p.Name)
	}
	return fields
}
