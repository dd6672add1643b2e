package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/web/api"
)

// TestOpenModel: a path is opened where the server listens to its own machine alone, and
// what is wrong with it blames the path.
func TestOpenModel(t *testing.T) {
	var asked []string
	open := func(path, tokens string) error {
		asked = append(asked, path+"|"+tokens)
		switch path {
		case "broken":
			return errors.New("load broken: truncated")
		case "missing":
			return input.Errorf("model", "no file or folder")
		case "mute":
			return input.Errorf("tokenizer", "open none.json: no such file")
		case "odd":
			return fmt.Errorf("model: config.json: %w", input.Errorf("hidden_size", "-1"))
		}
		return nil
	}
	local := start(t, Config{Loopback: true, OpenModel: open})
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"path":"a.gguf"}`, http.StatusOK, `"models":[`},
		{`{"path":"folder","tokenizer":"tokenizer.json"}`, http.StatusOK, `"models":[`},
		{`{"path":" "}`, http.StatusBadRequest, `"field":"path"`},
		{`{"path":"broken"}`, http.StatusBadRequest, `"field":"path","message":"load broken: truncated"`},
		{`{"path":"missing"}`, http.StatusBadRequest, `"field":"path","message":"no file or folder"`},
		{`{"path":"mute","tokenizer":"none.json"}`, http.StatusBadRequest, `"field":"tokenizer","message":"open none.json: no such file"`},
		{`{"path":"odd"}`, http.StatusBadRequest, `"field":"path","message":"config.json: hidden_size: -1"`},
		{`{"file":"a"}`, http.StatusBadRequest, "allowed are path, tokenizer"},
	} {
		if status, answer := post(t, local, "/api/models/open", c.body); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s: %d %s", c.body, status, answer)
		}
	}
	if got := strings.Join(asked, " "); got != "a.gguf| folder|tokenizer.json broken| missing| mute|none.json odd|" {
		t.Errorf("asked to open %q", got)
	}
	for name, config := range map[string]Config{"off loopback": {OpenModel: open}, "without": {Loopback: true}} {
		ts := start(t, config)
		if status, answer := post(t, ts, "/api/models/open", `{"path":"a.gguf"}`); status != http.StatusForbidden || !strings.Contains(answer, "--model PATH") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		if len(asked) != 6 {
			t.Errorf("%s: opened all the same", name)
		}
	}
}

// TestMetaSaysLimits: how much of runs is kept, and whether models are opened by path.
func TestMetaSaysLimits(t *testing.T) {
	limits := func(c Config) api.Limits {
		_, body := get(t, start(t, c).URL+"/api/meta")
		var m api.Meta
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		return m.Limits
	}
	open := func(string, string) error { return nil }
	if l := limits(Config{Loopback: true, OpenModel: open, Runner: run.NewCache(run.NewEngine(nil), 1<<20)}); l.KeptBytes != 1<<20 || !l.OpenPath {
		t.Errorf("%+v", l)
	}
	if l := limits(Config{OpenModel: open}); l.KeptBytes != 0 || l.OpenPath {
		t.Errorf("off loopback, nothing kept: %+v", l)
	}
}
