package client

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/viz/chart"
	"kvscope/web/api"
)

func TestLab(t *testing.T) {
	var asked []string
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		switch {
		case strings.Contains(string(body), "S-9"):
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":{"field":"tasks","message":"S-9, want another"}}`)
		case r.Method == "DELETE":
			w.WriteHeader(http.StatusBadGateway)
		case strings.HasSuffix(r.URL.Path, "/progress"):
			io.WriteString(w, "data: {\"cells\":4,\"done\":1,\"state\":\"running\"}\n\ndata: not this\n\ndata: {\"cells\":4,\"done\":4,\"over\":true}\n\n")
		case strings.HasSuffix(r.URL.Path, "/examples"):
			io.WriteString(w, `{"cell":{"context":256,"params":{}},"examples":[{"seed":2199023255552,"score":1}]}`)
		default:
			json.NewEncoder(w).Encode(api.Experiment{ID: "x", State: api.Paused})
		}
	}))
	t.Cleanup(ts.Close)
	at, err := url.Parse(ts.URL + "/experiments?id=x")
	if err != nil {
		t.Fatal(err)
	}
	l := NewServerLab(at)
	if e, err := l.Decide(t.Context(), "x", "pause"); err != nil || e.State != api.Paused {
		t.Errorf("%+v %v", e, err)
	}
	if _, err := l.Create(t.Context(), "n", experiment.Grid{Tasks: []string{"S-9"}}); input.Field(err) != "tasks" || err.Error() != "tasks: S-9, want another" {
		t.Errorf("%v", err)
	}
	if err := l.Remove(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("%v", err)
	}
	some, err := l.Examples(t.Context(), "x", chart.Ref{Model: "a", Task: "S-1", Method: "quest", Selector: "own", Params: map[string]string{"budget": "1/16", "block": "16"}})
	if err != nil || some.Cell.Context != 256 || some.Examples[0].Seed != 1<<41 {
		t.Errorf("%+v %v", some, err)
	}
	var heard []int
	l.Follow(t.Context(), "x", func(s api.Status) { heard = append(heard, s.Done) })
	if !slices.Equal(heard, []int{1, 4}) {
		t.Errorf("heard of %v cells done, want 1 and 4", heard)
	}
	want := []string{
		"POST /api/experiments/x/pause ",
		`POST /api/experiments {"name":"n","grid":{"models":null,"tasks":["S-9"],"methods":null,"examples":0}}`,
		"DELETE /api/experiments/x ",
		"GET /api/experiments/x/examples?block=16&budget=1%2F16&method=quest&model=a&selector=own&task=S-1 ",
		"GET /api/experiments/x/progress ",
	}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
	ts.Close()
	if _, err := l.List(t.Context()); !IsLost(err) {
		t.Errorf("nobody there: %v", err)
	}
}
