package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/client"
)

// TestExamplesOfEveryRow: the page asks for the examples of a row by what is in it, whatever
// the parameters of its method; one that the method has may not be left out where it is the
// budget, and one that it has not is refused.
func TestExamplesOfEveryRow(t *testing.T) {
	ts, begin := lab(t)
	var ids []string
	for _, m := range sparse.Methods() {
		ids = append(ids, m.ID)
	}
	grid, err := json.Marshal(map[string]any{"grid": map[string]any{
		"models": []string{"attention"}, "tasks": []string{"S-1"}, "methods": ids, "budgets": []string{"1/4"}, "examples": 2,
	}})
	if err != nil {
		t.Fatal(err)
	}
	var made api.Described
	call(t, "POST", ts.URL+"/api/experiments", string(grid), http.StatusCreated, &made)
	at := ts.URL + "/api/experiments/" + made.ID
	begin()
	follow(t, at)
	call(t, "GET", at, "", http.StatusOK, &made)
	if len(made.Rows) < len(ids) {
		t.Fatalf("%d rows of %d methods", len(made.Rows), len(ids))
	}
	base, err := url.Parse(ts.URL)
	if err != nil {
		t.Fatal(err)
	}
	page := client.NewServerLab(base)
	for _, r := range made.Rows {
		some, err := page.Examples(t.Context(), made.ID, chart.Ref{Model: r.Model, Task: r.Task, Method: r.Method, Selector: r.Selector, Params: r.Params})
		if err != nil || len(some.Examples) != 2 {
			t.Errorf("%s %v: %+v, %v", r.Method, r.Params, some, err)
		}
	}
	for query, field := range map[string]string{"method=dense&budget=1/4": "budget", "method=quest": "budget", "method=quest&budget=1/4&window=8": "window", "": "method"} {
		status, got := fetched(t, at+"/examples?model=attention&task=S-1&"+query)
		if status != http.StatusBadRequest || !strings.Contains(got, `"field":"`+field+`"`) {
			t.Errorf("%q: status %d, %s", query, status, got)
		}
	}
}
