package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// events writes server-sent events.
type events struct {
	w       http.ResponseWriter
	timeout time.Duration // to take one
	begun   bool
}

// send sends v as one event.
func (e *events) send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	control := http.NewResponseController(e.w)
	if !e.begun {
		e.begun = true
		e.w.Header().Set("Content-Type", "text/event-stream")
		e.w.Header().Set("Cache-Control", "no-store")
	}
	// Not every ResponseWriter has a connection; then there is nothing to bound.
	_ = control.SetWriteDeadline(time.Now().Add(e.timeout))
	if _, err := fmt.Fprintf(e.w, "data: %s\n\n", text); err != nil {
		return err
	}
	return control.Flush()
}

// rowOf is the row that the query of a request names.
func rowOf(r *http.Request) (experiment.Row, error) {
	q := r.URL.Query()
	row := experiment.Row{Model: q.Get("model"), Task: q.Get("task"), Method: q.Get("method"), Selector: q.Get("selector")}
	row.Swap = experiment.Swap{SelectWith: q.Get("select_with"), ComputeWith: q.Get("compute_with")}
	if row.Selector == "" {
		row.Selector = sparse.SelectorOwn
	}
	for _, f := range []struct{ name, value string }{{"model", row.Model}, {"task", row.Task}, {"method", row.Method}} {
		if f.value == "" {
			return row, input.Errorf(f.name, "missing, want the row's")
		}
	}
	info, ok := sparse.Method(row.Method)
	if !ok {
		return row, nil // of which there is no example
	}
	for _, shared := range sparse.Params() {
		text := q.Get(shared.Name)
		p, own := info.Param(shared.Name)
		switch {
		case text == "" && own && p.Name == "budget": // by which rows differ first
			return row, input.Errorf(p.Name, "missing, want the row's")
		case text == "":
			continue
		case !own:
			return row, input.Errorf(shared.Name, "no parameter of %s", info.ID)
		}
		value, err := p.Canonical(text)
		if err != nil {
			return row, err
		}
		row.Params = row.Params.With(p.Name, value)
	}
	return row, nil
}
