package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/train/traintest"
)

// newRunCache keeps the runs of a small model with fresh weights, called m.
func newRunCache(t *testing.T) *run.Cache {
	t.Helper()
	cfg := traintest.Config(true)
	cfg.Dim, cfg.HeadDim, cfg.Layers, cfg.Hidden = 16, 8, 1, 16
	e := run.NewEngine(ops.Reference())
	if err := e.AddFile("m", traintest.File(t, cfg, 1)); err != nil {
		t.Fatal(err)
	}
	return run.NewCache(e, 1<<30)
}

func post(t *testing.T, ts *httptest.Server, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, ts.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, answer := do(t, req)
	return resp.StatusCode, string(answer)
}

func TestKeptHeads(t *testing.T) {
	cache := newRunCache(t)
	ts := start(t, Config{Runner: cache})
	body := `{"model":"m","task":"S-2","seed":4,"max_new":2}`
	id := run.Request{Model: "m", Task: "S-2", Seed: 4, MaxNew: new(2)}.ID()
	if resp, _ := get(t, ts.URL+"/api/runs/"+id+"/head?layer=0&head=1"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("before the run: %d", resp.StatusCode)
	}
	for range 2 {
		if status, answer := post(t, ts, "/api/runs", body); status != http.StatusOK || !strings.Contains(answer, id) {
			t.Fatalf("%d %s, want %s", status, answer, id)
		}
	}
	resp, file := get(t, ts.URL+"/api/runs/"+id+"/head?layer=0&head=1")
	h, err := lens.Decode(file)
	if resp.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("%d %v", resp.StatusCode, err)
	}
	want, err := cache.Cached(id).Head(0, 1)
	if err != nil || h.Len() != want.Len() || h.K[len(h.K)-1] != want.K[len(want.K)-1] || len(h.Gate) != len(h.K) {
		t.Errorf("%v: a head of %d positions, want %d", err, h.Len(), want.Len())
	}
	for query, field := range map[string]string{"layer=1&head=0": "layer", "layer=0&head=2": "head", "head=0": "layer", "layer=0&head=x": "head"} {
		if resp, answer := get(t, ts.URL+"/api/runs/"+id+"/head?"+query); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", query, resp.StatusCode, answer)
		}
	}
	if status, answer := post(t, ts, "/api/runs", `{"model":"x"}`); status != http.StatusBadRequest || !strings.Contains(answer, `"field":"model"`) {
		t.Errorf("no such model: %d %s", status, answer)
	}
	if status, _ := post(t, start(t, Config{}), "/api/runs", body); status != http.StatusNotImplemented {
		t.Errorf("a server that keeps nothing: %d", status)
	}
}
