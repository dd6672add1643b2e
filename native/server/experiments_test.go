package server

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/jobs/jobstest"
	"kvscope/web/api"
)

// pairRunner answers at once, right on odd seeds; RAT+ on all.
type pairRunner struct{}

func (pairRunner) Models() []run.ModelInfo {
	return []run.ModelInfo{
		{Name: "attention", Arch: "attention", Hash: "a", Layers: 1, Heads: 2, Context: 256, Params: 10},
		{Name: "ratplus", Arch: "ratplus", Memory: true, Hash: "r", Layers: 1, Heads: 2, Context: 256, Params: 10},
	}
}

// Check refuses what no prompt of these tokens has room for.
func (pairRunner) Check(req run.Request) error {
	if req.Task == "MQ" {
		return input.Errorf("context", "256 tokens, want more for MQ")
	}
	return nil
}

func (pairRunner) Run(_ context.Context, req run.Request, sink trace.Sink) error {
	if req.Task == "MV" {
		return errors.New("this task fails")
	}
	h := &trace.Header{
		Model: req.Model, Arch: req.Model, Layers: 1, Heads: 2, Block: 16, K: 4, Kernels: "test", Tokens: make([]trace.Token, 10),
		Needles: []trace.Needle{{Span: [2]int{int(req.Seed % 10), 10}, Queried: true}},
	}
	if err := sink.Emit(h); err != nil {
		return err
	}
	score := float64(req.Seed % 2)
	if req.Model == "ratplus" {
		score = 1
	}
	return sink.Emit(&trace.Done{Score: score, Hits: []trace.Hit{{Hit: score == 1}, {Head: 1}}})
}

// lab serves experiments with one worker, which waits until go is closed.
func lab(t *testing.T) (ts *httptest.Server, begin func()) {
	t.Helper()
	l := jobstest.Open(t, pairRunner{}.Models)
	begin = func() {
		l.Work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) {
			return experiment.Measure(ctx, pairRunner{}, c)
		})
	}
	return start(t, Config{Runner: pairRunner{}, Store: l.Store, Jobs: l.Jobs, Version: jobstest.Version}), begin
}

const smallGrid = `{"name": "small", "grid": {"models": ["attention", "ratplus"], "tasks": ["S-1"], "methods": ["quest"], "budgets": ["1/4"], "examples": 20}}`

// call sends a JSON body, or none, and decodes the answer.
func call(t *testing.T, method, url, body string, status int, to any) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, text := do(t, req)
	if resp.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, url, resp.StatusCode, status, text)
	}
	if to != nil {
		if err := json.Unmarshal(text, to); err != nil {
			t.Fatalf("%s %s: %v in %s", method, url, err, text)
		}
	}
	return resp
}

// follow reads the progress of an experiment to its end.
func follow(t *testing.T, url string) []api.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/progress", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	var list []api.Status
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var s api.Status
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
	}
	if err := lines.Err(); err != nil || len(list) == 0 {
		t.Fatalf("%d events, %v", len(list), err)
	}
	return list
}

func TestExperiment(t *testing.T) {
	ts, begin := lab(t)
	base := ts.URL + "/api/experiments"
	var cost api.Estimate
	call(t, "POST", base+"/estimate", smallGrid, 200, &cost)
	if cost.Cells != 4 || cost.Left != 40 || cost.Tried != 2 {
		t.Errorf("%+v", cost)
	}
	const vain = `{"grid": {"models": ["attention"], "tasks": ["S-1"], "methods": ["quest"], "params": {"budget": ["1/4"], "window": [8]}, "examples": 10}}`
	var ignoring api.Estimate
	if call(t, "POST", base+"/estimate", vain, 200, &ignoring); !slices.Equal(ignoring.Ignored, []string{"window"}) {
		t.Errorf("ignored %v", ignoring.Ignored)
	}
	var e api.Described
	resp := call(t, "POST", base, smallGrid, 201, &e)
	if resp.Header.Get("Location") != "/api/experiments/"+e.ID || e.Name != "small" || e.Status.Cells != 4 || e.State != api.Running {
		t.Errorf("%+v", e)
	}
	at := base + "/" + e.ID
	call(t, "POST", at+"/pause", "", 200, &e)
	if e.State != api.Paused {
		t.Errorf("%+v", e)
	}
	call(t, "POST", at+"/resume", "", 200, nil)
	begin()
	events := follow(t, at)
	if last := events[len(events)-1]; !last.Over || last.Done != 4 || last.ExamplesDone != 40 {
		t.Errorf("%+v", last)
	}
	call(t, "GET", at, "", 200, &e)
	if len(e.Rows) != 2 || e.Rows[0].Accuracy != 0.5 || e.Rows[1].Accuracy != 1 || e.Rows[0].Examples != 20 || len(e.Failures) != 0 {
		t.Errorf("%+v", e)
	}
	var list struct{ Experiments []api.Described }
	call(t, "GET", base, "", 200, &list)
	if len(list.Experiments) != 1 || list.Experiments[0].Status.Done != 4 {
		t.Errorf("%+v", list)
	}
	var hits struct{ Hits []experiment.Hit }
	call(t, "GET", at+"/hits", "", 200, &hits)
	if len(hits.Hits) != 4 || hits.Hits[0].Rate != 0.5 || hits.Hits[1].Rate != 0 {
		t.Errorf("%+v", hits)
	}
	var some struct {
		Cell     experiment.Cell
		Examples []experiment.Example
	}
	call(t, "GET", at+"/examples?model=attention&task=S-1&method=quest&budget=1/4&block=16", "", 200, &some)
	if len(some.Examples) != 20 || some.Examples[1].Score == some.Examples[0].Score || some.Cell.Context != 256 {
		t.Errorf("%+v", some)
	}
	call(t, "DELETE", at, "", 200, nil)
	call(t, "GET", at, "", 404, nil)
	// What was computed is known to the next.
	call(t, "POST", base+"/estimate", smallGrid, 200, &cost)
	if cost.Known != 4 || cost.Left != 0 || cost.Seconds != 0 {
		t.Errorf("%+v", cost)
	}
}

func TestExperimentPictures(t *testing.T) {
	ts, begin := lab(t)
	begin()
	var e api.Described
	call(t, "POST", ts.URL+"/api/experiments", smallGrid, 201, &e)
	at := ts.URL + "/api/experiments/" + e.ID
	follow(t, at)
	var pictures struct {
		Charts []struct {
			ID, View string
			Series   []struct{ Points []any }
			Option   map[string]any
		}
		Findings []struct{ Question, Verdict string }
		Script   string
	}
	call(t, "GET", at+"/charts", "", 200, &pictures)
	views := map[string]int{}
	for _, c := range pictures.Charts {
		views[c.View]++
		if c.Option["series"] == nil || len(c.Series) == 0 {
			t.Errorf("%+v", c)
		}
		resp, svg := get(t, at+"/chart.svg?chart="+c.ID)
		if resp.StatusCode != 200 || !strings.HasPrefix(string(svg), "<svg") || strings.Contains(string(svg), "var(--") {
			t.Errorf("%s: %d %.80s", c.ID, resp.StatusCode, svg)
		}
	}
	if views["accuracy"] != 1 || views["heads"] != 1 || views["depth"] != 2 {
		t.Errorf("%v", views)
	}
	if len(pictures.Findings) != 2 || pictures.Findings[0].Verdict != "supports" {
		t.Errorf("%+v", pictures.Findings)
	}
	if resp, script := get(t, ts.URL+pictures.Script); resp.StatusCode != 200 || !strings.Contains(string(script), "Apache") {
		t.Errorf("script: %d", resp.StatusCode)
	}
	for _, c := range []struct{ query, field string }{{"/charts?paper=9", "paper"}, {"/chart.svg?chart=none", "chart"}} {
		_, body := get(t, at+c.query)
		if f := failure(t, body); f.Field != c.field {
			t.Errorf("%s: %+v", c.query, f)
		}
	}
}

func TestExports(t *testing.T) {
	ts, begin := lab(t)
	begin()
	var e api.Described
	call(t, "POST", ts.URL+"/api/experiments", strings.Replace(smallGrid, `["S-1"]`, `["S-1", "MV"]`, 1), 201, &e)
	at := ts.URL + "/api/experiments/" + e.ID
	events := follow(t, at)
	if last := events[len(events)-1]; last.Failed != 4 || last.Done != 4 {
		t.Errorf("%+v", last)
	}
	for query, want := range map[string]int{"csv": 3, "csv&table=hits": 5, "csv&table=examples": 41} {
		resp, body := get(t, at+"/export?format="+query)
		records, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
		if err != nil || len(records) != want || records[0][0] != "model" {
			t.Errorf("%s: %v %v", query, records, err)
		}
		if got := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") {
			t.Errorf("%s: %q", query, got)
		}
	}
	var out api.Export
	call(t, "GET", at+"/export?format=json", "", 200, &out)
	if len(out.Rows) != 2 || len(out.Failures) != 4 || out.Failures[0].Tries != 3 || !strings.Contains(out.Failures[0].Error, "this task fails") || out.Experiment.ID != e.ID || out.Experiment.State != api.Finished || !out.Status.Over {
		t.Errorf("%+v", out)
	}
	resp, page := get(t, at+"/export?format=html")
	for _, want := range []string{"Hypothesis 1", "as the paper has it", "this task fails", "<svg", "fingerprint r"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %q in the report", want)
		}
	}
	if got := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("policy %q", got)
	}
	_, body := get(t, at+"/export?format=pdf")
	if f := failure(t, body); f.Field != "format" {
		t.Errorf("%+v", f)
	}
}

func TestBadOrders(t *testing.T) {
	ts, _ := lab(t)
	base := ts.URL + "/api/experiments"
	grid := func(change string) string {
		order := map[string]any{"models": []string{"attention"}, "tasks": []string{"S-1"}, "methods": []string{"quest"}, "budgets": []string{"1/4"}, "examples": 20}
		if err := json.Unmarshal([]byte("{"+change+"}"), &order); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		text, err := json.Marshal(map[string]any{"grid": order})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for body, field := range map[string]string{
		grid(`"tasks": ["S-9"]`):                                 "tasks",
		grid(`"models": ["gpt"]`):                                "models",
		grid(`"budgets": ["2"]`):                                 "budget",
		grid(`"params": {"top_p": [2]}`):                         "top_p",
		grid(`"params": {"block": 16}`):                          "block",
		grid(`"params": {"blokc": [16]}`):                        "blokc",
		grid(`"examples": "many"`):                               "examples",
		grid(`"examples": 0`):                                    "examples",
		grid(`"wings": 2`):                                       "wings",
		grid(`"seeds": 5`):                                       "seeds",
		grid(`"context": 300`):                                   "context",
		grid(`"seeds": 0`):                                       "seeds",
		grid(`"methods": ["snapkv"], "window": 0`):               "window",
		grid(`"tasks": ["S-1", "MQ"]`):                           "context", // cannot run
		fmt.Sprintf(`{"name": "%0300d"`, 0) + "," + grid("")[1:]: "name",
		`{"name": "a\u0000b",` + grid("")[1:]:                    "name",
		grid(`"params": {"budget": ["1/8"]}`):                    "budgets",
	} {
		for _, at := range []string{base, base + "/estimate"} {
			req, err := http.NewRequest("POST", at, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			resp, text := do(t, req)
			if f := failure(t, text); resp.StatusCode != 400 || f.Field != field || f.Message == "" {
				t.Errorf("%s: status %d, %+v, want field %s", body, resp.StatusCode, f, field)
			}
		}
	}
	var list struct{ Experiments []api.Described }
	call(t, "GET", base, "", 200, &list)
	if len(list.Experiments) != 0 {
		t.Errorf("refused, and yet %+v", list)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/none", 404}, {"POST", "/none/pause", 404}, {"DELETE", "/none", 404}, {"GET", "/none/progress", 404},
		{"GET", "/none/wings", 404}, {"PUT", "", 405},
	} {
		call(t, c.method, base+c.path, "", c.status, nil)
	}
	call(t, "GET", base+"/none/examples?model=m", "", 400, nil)
}

// TestListWhileExperimentsAreRemoved: one that goes away between being listed and being
// asked about is left out, and the list is still answered.
func TestListWhileExperimentsAreRemoved(t *testing.T) {
	ts, _ := lab(t)
	base := ts.URL + "/api/experiments"
	const rounds = 40
	removed := make(chan error, 1)
	ids := make(chan string, rounds)
	go func() {
		for id := range ids {
			req, err := http.NewRequest(http.MethodDelete, base+"/"+id, nil)
			if err == nil {
				var resp *http.Response
				if resp, err = http.DefaultClient.Do(req); err == nil {
					resp.Body.Close()
				}
			}
			if err != nil {
				removed <- err
				return
			}
		}
		removed <- nil
	}()
	for range rounds {
		var e api.Described
		call(t, "POST", base, smallGrid, 201, &e)
		ids <- e.ID
		call(t, "GET", base, "", 200, nil)
	}
	close(ids)
	if err := within(t, removed, "experiments to be removed"); err != nil {
		t.Error(err)
	}
}

func TestNoLaboratory(t *testing.T) {
	ts := start(t, Config{NoExperiments: "the folder is in use"})
	resp, body := get(t, ts.URL+"/api/experiments")
	if f := failure(t, body); resp.StatusCode != 503 || !strings.Contains(f.Message, "the folder is in use") {
		t.Errorf("%d %+v", resp.StatusCode, f)
	}
	resp, err := http.Post(ts.URL+"/api/experiments", "application/json", strings.NewReader(smallGrid))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if io.Copy(io.Discard, resp.Body); resp.StatusCode != 503 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestGivenUp: what is not done when the server stops is no success.
func TestGivenUp(t *testing.T) {
	l := jobstest.Open(t, pairRunner{}.Models)
	s, err := New(Config{Runner: pairRunner{}, Store: l.Store, Jobs: l.Jobs, Version: jobstest.Version, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/experiments", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "given up") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
