package server

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/input/inputtest"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/engine/train/traintest"
	"kvscope/web/api"
)

// walkValues are values that a JSON field may come to have: unknown, zero, negative, huge,
// not a number, and of every wrong type.
var walkValues = []string{
	`null`, `0`, `-1`, `1`, `0.5`, `-0.0`, `1e-300`, `9223372036854775807`, `18446744073709551616`, `1e400`, `"NaN"`, `"-Inf"`, `""`, `" "`, `"x"`, `"1/0"`, `"\u0000"`,
	`true`, `false`, `[]`, `{}`, `[null]`, `["x"]`, `[""]`, `[-1]`, `[0]`, `[1e400]`, `[99999999999999999999]`, `["NaN"]`,
}

// walkBases has, for every field of a run's request, a request in which it has another
// effect than its default.
var walkBases = map[string]string{
	"model": `{"model": "ratplus"}`, "task": `{"task": "MK-2"}`, "seed": `{"seed": 7}`, "context": `{"context": 140}`, "depth": `{"depth": 0.5, "context": 250}`, "prose": `{"prose": "book", "context": 200}`,
	"prompt": `{"prompt": "The cat sat on", "task": ""}`,
	"text":   `{"text": "The cat sat. A dog ran.", "key": "cat", "value": "7", "task": ""}`, "key": `{"text": "The cat sat. A dog ran.", "key": "cat", "value": "7", "task": ""}`,
	"questions": `{"questions": ["*"], "task": "MQ", "context": 250}`,
	"value":     `{"text": "The cat sat. A dog ran.", "key": "cat", "value": "7", "task": ""}`,
	"method":    `{"method": "moba", "budget": "1/4"}`, "selector": `{"selector": "random", "method": "quest", "budget": "1/4"}`,
	"selector_seed": `{"selector": "random", "selector_seed": 5, "method": "quest", "budget": "1/4"}`, "max_new": `{"max_new": 2}`,
	"force": `{"force": "3", "method": "quest", "budget": "1/8"}`, "drop": `{"drop": "3"}`,
	"memory_strength": `{"memory_strength": 0.25}`, "memory_cap": `{"memory_cap": 2}`, "select_with": `{"select_with": "plain", "method": "quest", "budget": "1/4", "block": 4}`, "compute_with": `{"compute_with": "plain"}`,
	"budget": `{"budget": "1/4", "method": "quest"}`, "block": `{"block": 8, "budget": "1/4", "method": "quest"}`, "k": `{"k": 2, "method": "quest"}`,
	"dense_layers": `{"dense_layers": 2, "budget": "1/8", "method": "quest"}`, "public_code": `{"public_code": true, "budget": "1/8", "method": "quest", "block": 4}`,
	"window": `{"window": 16, "method": "snapkv", "budget": "1/2"}`, "kernel": `{"kernel": 3, "method": "snapkv", "budget": "1/2"}`, "pooling": `{"pooling": "max", "method": "snapkv", "budget": "1/2"}`,
	"initial": `{"initial": 2, "method": "streaming", "budget": "1/4"}`, "dilation": `{"dilation": 3, "method": "dilated"}`, "top_p": `{"top_p": 0.3, "method": "twilight", "budget": "1/2"}`,
	"sparse_from": `{"sparse_from": "question", "method": "quest", "budget": "1/4", "block": 4}`, "evict": `{"evict": "before", "method": "knorm", "budget": "1/4"}`,
	"whose_budget": `{"whose_budget": "layer", "method": "quest", "budget": "1/4", "block": 4}`,
	"beta":         `{"beta": 2, "method": "pyramidkv", "budget": "1/2"}`, "scorer": `{"scorer": "knorm", "method": "adakv", "budget": "1/2"}`, "safe": `{"safe": 1, "method": "adakv", "budget": "1/2"}`,
	"vertical": `{"vertical": 9, "method": "vertical-slash", "budget": "1/4"}`, "forced": `{"forced": 3, "method": "vertical-slash", "budget": "1/4"}`, "stride": `{"stride": 2, "method": "xattention", "budget": "1/4"}`,
	"future": `{"future": 2, "method": "expected-attention", "budget": "1/2"}`, "epsilon": `{"epsilon": 0.005, "method": "expected-attention", "budget": "1/2"}`,
	"average": `{"average": true, "method": "h2o", "window": 0, "budget": "1/4"}`,
	"page":    `{"page": 16, "method": "rocketkv", "budget": "1/4"}`, "channels": `{"channels": 0.25, "method": "rocketkv", "budget": "1/4"}`, "group": `{"group": "max", "method": "snapkv", "budget": "1/2"}`,
}

// walkBase is the request of walkBases with a field, or one made from the entry of a method
// that has the field as a parameter, whose effect the method's own test knows.
func walkBase(name string) (base string, effect, ok bool) {
	if base, ok := walkBases[name]; ok {
		return base, true, true
	}
	for _, m := range sparse.Methods() {
		if _, ok := m.Param(name); !ok {
			continue
		}
		if _, ok := m.Param("budget"); ok {
			return fmt.Sprintf(`{"method": %q, "budget": "1/4"}`, m.ID), false, true
		}
		return fmt.Sprintf(`{"method": %q}`, m.ID), false, true
	}
	return "", false, false
}

// TestWalkRequest gives every field of a run's request every kind of value. Each is refused
// by its name, or changes the run.
func TestWalkRequest(t *testing.T) {
	e := walkEngine(t)
	for _, name := range run.Fields() {
		base, effect, ok := walkBase(name)
		if !ok {
			t.Errorf("the walk has no request with %s", name)
			continue
		}
		want, err := walked(t, e, with(t, base, name, ""))
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		for _, value := range walkValues {
			body := with(t, base, name, value)
			if body == with(t, base, name, "") {
				continue
			}
			got, err := walked(t, e, body)
			if name == "group" && (value == `null` || value == `""`) && err == nil {
				continue // not given, and these models have a head of keys for each of queries: nothing to choose together
			}
			if !blames(err, name, value) && (err != nil || effect && got == want) {
				t.Errorf("%s: %s has no effect and is not blamed: %v", name, value, err)
			}
		}
	}
	if _, err := walked(t, e, `{"model": "ratplus", "unknown": 1}`); input.Field(err) != "unknown" {
		t.Errorf("an unknown field: %v", err)
	}
	if _, err := walked(t, e, `{"model": "ratplus", "task": "MK-1", "seed": 3, "seed": 4}`); input.Field(err) != "seed" {
		t.Errorf("a field that comes twice: %v", err)
	}
}

// blames reports whether err refuses a value by the name of its field. JSON itself refuses
// some; a text that is missing is blamed as the task that there is none of either, and no random selector as
// the number of them.
func blames(err error, name, value string) bool {
	switch {
	case err == nil:
		return false
	case value == `1e400` || value == `[1e400]`:
		return strings.Contains(err.Error(), name) || input.Field(err) == name
	case (name == "text" || name == "prompt") && input.Field(err) == "task", name == "selectors" && (value == `null` || value == `[]`) && input.Field(err) == "seeds":
		return true
	}
	return input.Field(err) == name
}

// with is a request like base with one field set to value, or left as it is for "".
func with(t *testing.T, base, name, value string) string {
	t.Helper()
	members := map[string]json.RawMessage{"model": json.RawMessage(`"ratplus"`), "task": json.RawMessage(`"MK-1"`), "seed": json.RawMessage(`3`), "context": json.RawMessage(`160`)}
	if err := json.Unmarshal([]byte(base), &members); err != nil {
		t.Fatal(err)
	}
	if string(members["task"]) == `""` {
		delete(members, "task")
		delete(members, "context")
	}
	if value != "" {
		members[name] = json.RawMessage("null")
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	if value == "" {
		return string(text)
	}
	// Marshal checks what it writes, and some values are no JSON that it knows.
	return strings.Replace(string(text), fmt.Sprintf("%q:null", name), fmt.Sprintf("%q:%s", name, value), 1)
}

// walked is a digest of what a body's run did, whatever time it took and whatever it says
// that it was asked for.
func walked(t *testing.T, e *run.Engine, body string) (digest string, err error) {
	t.Helper()
	req, err := parseRequest([]byte(body))
	if err != nil {
		return "", err
	}
	all, err := e.Questions(req)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, one := range all {
		r := &trace.Run{}
		if err := e.Run(t.Context(), one, r); err != nil {
			return "", err
		}
		fmt.Fprintln(sum, r.Header.Tokens, r.Header.Model)
		for _, s := range r.Selections {
			fmt.Fprintln(sum, s.Step, s.Layer, s.Head, s.First, s.Unit, s.Candidates, string(s.Picked), s.Mass)
		}
		for _, s := range r.Steps {
			fmt.Fprintln(sum, s.Token, s.Prob)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// walkEngine has two small models with fresh weights.
func walkEngine(t *testing.T) *run.Engine {
	t.Helper()
	book, err := niah.NewBook("book", "Tom sat on the fence. The paint was wet. Nobody came by that day, and the sun was hot. He went home.")
	if err != nil {
		t.Fatal(err)
	}
	e := run.NewEngine(ops.Reference(), book)
	for i, name := range run.DemoModels() {
		cfg := traintest.Config(name == run.DemoMemory)
		cfg.Dim, cfg.HeadDim, cfg.Hidden = 16, 8, 32
		if err := e.AddFile(name, traintest.File(t, cfg, uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// TestWalkOrder gives every field of an experiment's order every kind of value. Each is
// refused by its name, or changes the cells.
func TestWalkOrder(t *testing.T) {
	const base = `{"models": ["ratplus"], "tasks": ["MK-1"], "methods": ["quest", "snapkv"], "selectors": ["own", "random"], "params": {"budget": ["1/4"], "block": [8], "window": [8]}, "seeds": 2,
		"examples": 20, "context": 120, "select_with": ["plain"], "compute_with": ["plain"]}`
	var grid map[string]json.RawMessage
	if err := json.Unmarshal([]byte(base), &grid); err != nil {
		t.Fatal(err)
	}
	ordered := func(body string) (string, error) {
		o, err := parseObject[api.Order]([]byte(body))
		if err != nil {
			return "", err
		}
		cells, err := o.Grid.Cells(pairRunner{}.Models(), "1")
		return fmt.Sprint(cells), err
	}
	want, err := ordered(`{"grid": ` + base + `}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fieldsOf[api.Order]() {
		if name == "name" || name == "grid" {
			continue // below
		}
		was, ok := grid[name]
		if !ok {
			t.Errorf("the walk has no order with %s", name)
			continue
		}
		for _, value := range walkValues {
			grid[name] = json.RawMessage(`"` + name + `?"`)
			text, err := json.Marshal(grid)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ordered(`{"grid": ` + strings.Replace(string(text), `"`+name+`?"`, value, 1) + `}`)
			if !blames(err, name, value) && (err != nil || got == want) {
				t.Errorf("%s: %s has no effect and is not blamed: %v", name, value, err)
			}
		}
		grid[name] = was
	}
	for body, field := range map[string]string{
		`{"name": 3}`: "name", `{"grid": 3}`: "grid", `{"grid": []}`: "grid", `{"grid": {"unknown": 1}}`: "unknown", `{"unknown": 1}`: "unknown", `{}`: "models", `{"grid": null}`: "models",
	} {
		if _, err := ordered(body); input.Field(err) != field {
			t.Errorf("%s: %v, want %s to be blamed", body, err, field)
		}
	}
}

// TestBrokenBodies breaks a request and an order, which are then prepared.
func TestBrokenBodies(t *testing.T) {
	for _, base := range []string{walkBases["sparse_from"], walkBases["questions"], walkBases["text"]} {
		inputtest.Broken(t, "request", []byte(base), 1<<20, 400, func(data []byte) error {
			_, err := parseRequest(data)
			return err
		})
	}
	inputtest.Broken(t, "order", []byte(smallGrid), 1<<20, 1000, func(data []byte) error {
		o, err := parseObject[api.Order](data)
		if err != nil {
			return err
		}
		_, err = o.Grid.Cells(pairRunner{}.Models(), "1")
		return err
	})
}

// TestWalkQueries gives every field of the addresses of the API every kind of value. Each
// is refused by its name, or changes the answer.
func TestWalkQueries(t *testing.T) {
	ts, begin := lab(t)
	var made api.Described
	call(t, "POST", ts.URL+"/api/experiments", smallGrid, http.StatusCreated, &made)
	begin()
	follow(t, ts.URL+"/api/experiments/"+made.ID)
	at := "/api/experiments/" + made.ID
	cache := newRunCache(t)
	keeping := start(t, Config{Runner: cache})
	_, kept := post(t, keeping, "/api/runs", `{"model":"m","task":"S-2","seed":4,"max_new":2}`)
	var inMemory struct{ ID string }
	if err := json.Unmarshal([]byte(kept), &inMemory); err != nil {
		t.Fatal(err)
	}
	walked := map[string]bool{"progress": true, "name": true} // of a WebSocket and of what is put: by tests of their own
	for _, c := range []struct{ path, query, name string }{
		{at + "/examples", "model=ratplus&task=S-1&method=quest&selector=own&block=16&", "budget=1/4"},
		{at + "/examples", "task=S-1&method=quest&budget=1/4&", "model=ratplus"},
		{at + "/examples", "model=ratplus&method=quest&budget=1/4&", "task=S-1"},
		{at + "/examples", "model=ratplus&task=S-1&budget=1/4&", "method=quest"},
		{at + "/examples", "model=ratplus&task=S-1&method=quest&budget=1/4&", "selector=own"},
		{at + "/examples", "model=ratplus&task=S-1&method=quest&budget=1/4&", "block=16"},
		{at + "/examples", "model=ratplus&task=S-1&method=quest&budget=1/4&", "select_with="},
		{at + "/examples", "model=ratplus&task=S-1&method=quest&budget=1/4&", "compute_with="},
		{at + "/export", "", "format=json"},
		{at + "/export", "format=csv&", "table=hits"},
		{at + "/charts", "", "paper=none"},
		{at + "/chart.svg", "", "chart=accuracy"},
		{"/api/runs/" + inMemory.ID + "/head", "head=1&", "layer=0"},
		{"/api/runs/" + inMemory.ID + "/head", "layer=0&", "head=1"},
	} {
		base := ts.URL
		if strings.HasPrefix(c.path, "/api/runs/") {
			base = keeping.URL
		}
		name, value, _ := strings.Cut(c.name, "=")
		walked[name] = true
		status, want := fetched(t, base+c.path+"?"+c.query+c.name)
		if status != http.StatusOK && name != "paper" && name != "chart" {
			t.Errorf("%s: status %d, %s", c.name, status, want)
		}
		for _, bad := range []string{"0", "-1", "1e400", "NaN", "x", "%00", "99999999999999999999", "1%2F0"} {
			if bad == value {
				continue
			}
			status, got := fetched(t, base+c.path+"?"+c.query+name+"="+bad)
			switch {
			case status == http.StatusBadRequest || status == http.StatusNotFound:
				var refusal struct{ Error trace.Failure }
				if err := json.Unmarshal([]byte(got), &refusal); err != nil || refusal.Error.Field != name {
					t.Errorf("%s=%s: status %d blames %q: %s", name, bad, status, refusal.Error.Field, got)
				}
			case status != http.StatusOK || got == want:
				t.Errorf("%s=%s: status %d, %s", name, bad, status, got)
			}
		}
		for query, blamed := range map[string]string{c.name + "&" + c.name: name, c.name + "&unknown=1": "unknown"} {
			if status, got := fetched(t, base+c.path+"?"+c.query+query); status != http.StatusBadRequest || !strings.Contains(got, `"field":"`+blamed+`"`) {
				t.Errorf("%s: status %d, %s", query, status, got)
			}
		}
	}
	for _, p := range sparse.Params() {
		walked[p.Name] = true // the examples of a row take all as they take the budget and the block
	}
	for _, a := range (&Server{}).api() {
		for _, name := range a.fields {
			if !walked[name] {
				t.Errorf("the walk has no query of %s with %s", a.path, name)
			}
		}
	}
	row := ts.URL + at + "/examples?model=ratplus&task=S-1&method=quest&budget=1/4&"
	if status, got := fetched(t, row+"window=8"); status != http.StatusBadRequest || !strings.Contains(got, `"field":"window"`) {
		t.Errorf("a parameter of another method: status %d, %s", status, got)
	}
	if status, got := fetched(t, ts.URL+at+"/export?format=json&table=hits"); status != http.StatusBadRequest || !strings.Contains(got, `"field":"table"`) {
		t.Errorf("a table of a file that has all: status %d, %s", status, got)
	}
}

// TestWalkAddresses: no address takes a field that it does not know, or one twice, and says
// which it knows.
func TestWalkAddresses(t *testing.T) {
	s, err := New(Config{Runner: pairRunner{}, Version: "test", Program: fakeProgram()})
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`{\w+}`)
	for _, a := range s.api() {
		ask := func(query, field, says string) {
			t.Helper()
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(a.method, "http://localhost"+place.ReplaceAllString(a.path, "x")+"?"+query, nil))
			if got := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(got, `"field":"`+field+`"`) || !strings.Contains(got, says) {
				t.Errorf("%s %s?%s: status %d, %s", a.method, a.path, query, w.Code, got)
			}
		}
		known := "this address takes none"
		if len(a.fields) > 0 {
			known = "allowed are " + strings.Join(a.fields, ", ")
		}
		ask("limit=3", "limit", known)
		ask("=1", "query", "without a name")
		ask("%zz=1", "query", "invalid URL escape")
		for _, name := range a.fields {
			ask(name+"=1&"+name+"=1", name, "2 times")
			ask(strings.ToUpper(name)+"=1", strings.ToUpper(name), known)
		}
	}
	// Pages say themselves what they do not know of their address, and a file is the same
	// whatever it is asked with.
	for _, path := range []string{"/?seed=3&v=2", "/traces?v=2", "/app.js?v=2", "/web/icon.svg?v=2&v=3"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

// fetched gets the page at an address.
func fetched(t *testing.T, at string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, text := do(t, req)
	return resp.StatusCode, string(text)
}

// TestWalkKnowsAllFields: what the walks go over is all there is.
func TestWalkKnowsAllFields(t *testing.T) {
	for name := range walkBases {
		if !slices.Contains(run.Fields(), name) {
			t.Errorf("the walk has %s, which requests have not", name)
		}
	}
	if n := reflect.TypeFor[api.Order]().NumField(); n != 2 {
		t.Errorf("an order has %d fields, the walk knows two", n)
	}
}
