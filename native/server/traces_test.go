package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kvscope/native/store"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
	"kvscope/web/traces"
)

// TestTracesAreKept: a run that one page keeps another lists, reads, describes and removes.
func TestTracesAreKept(t *testing.T) {
	ts := start(t, Config{Traces: store.OpenTraces(t.TempDir())})
	const key = "001764430000000-a"
	ask := func(method, path, contentType, body string) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, ts.URL+"/api/traces"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		resp, content := do(t, req)
		return resp.StatusCode, content
	}
	listed := func() traces.List {
		t.Helper()
		var got struct{ Traces traces.List }
		status, body := ask("GET", "", "", "")
		if err := json.Unmarshal(body, &got); status != 200 || err != nil {
			t.Fatalf("%d %s: %v", status, body, err)
		}
		return got.Traces
	}
	_, saved := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	file := string(saved)
	if list := listed(); list == nil || len(list) != 0 {
		t.Fatalf("listed at first: %v", list)
	}
	if status, body := ask("PUT", "/"+key+"?name=mine", "application/octet-stream", file); status != 200 || !strings.Contains(string(body), `"name":"mine"`) {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := ask("PATCH", "/"+key, "application/json", `{"name":"yours","note":"a note"}`); status != 200 || !strings.Contains(string(body), `"note":"a note"`) {
		t.Fatalf("%d %s", status, body)
	}
	if list := listed(); len(list) != 1 || list[0].Key != key || list[0].Name != "yours" {
		t.Errorf("listed %+v", list)
	}
	if status, body := ask("GET", "/"+key, "", ""); status != 200 || string(body) != file {
		t.Errorf("%d, %d bytes of %d", status, len(body), len(file))
	}
	for _, c := range []struct {
		name, method, path, contentType, body string
		status                                int
		want                                  string
	}{
		{"no key", "PUT", "/mine?name=x", "application/octet-stream", file, 400, `"field":"key"`},
		{"no name", "PUT", "/" + key, "application/octet-stream", file, 400, `"field":"name"`},
		{"no run", "PUT", "/" + key + "?name=x", "application/octet-stream", "no run", 400, `"field":"file"`},
		{"an unknown field", "PATCH", "/" + key, "application/json", `{"title":"x"}`, 400, `"field":"title"`},
		{"a form", "PATCH", "/" + key, "application/x-www-form-urlencoded", "name=x", 415, "application/json"},
		{"none of the key", "GET", "/001764430000001-b", "", "", 404, "no such trace"},
		{"another method", "POST", "/" + key, "", "", 405, "PATCH, DELETE"},
	} {
		if status, body := ask(c.method, c.path, c.contentType, c.body); status != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, status, body, c.status, c.want)
		}
	}
	if status, body := ask("DELETE", "/"+key, "", ""); status != 204 || len(listed()) != 0 {
		t.Errorf("%d %s, left %v", status, body, listed())
	}
	none := start(t, Config{}).URL + "/api/traces"
	if resp, body := get(t, none); resp.StatusCode != 200 || !strings.Contains(string(body), `{"kept":false,"traces":[]}`) {
		t.Errorf("without a folder: %d %s", resp.StatusCode, body)
	}
	if resp, body := get(t, none+"/"+key); resp.StatusCode != 503 || !strings.Contains(string(body), "no traces are kept") {
		t.Errorf("of one without a folder: %d %s", resp.StatusCode, body)
	}
}

// Of traces that come at once a few are written, and the others wait their turn.
func TestTracesComeInTurn(t *testing.T) {
	folder := t.TempDir()
	ts := start(t, Config{Traces: store.OpenTraces(folder)})
	_, saved := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	written := func() int {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	var puts sync.WaitGroup
	var bodies []*io.PipeWriter
	for i := range maxKeeping + 2 {
		body, in := io.Pipe()
		bodies = append(bodies, in)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, fmt.Sprintf("%s/api/traces/001764430000000-%d?name=x", ts.URL, i), body)
		if err != nil {
			t.Fatal(err)
		}
		puts.Go(func() {
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if text, err := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || err != nil {
				t.Errorf("%d %s, %v", resp.StatusCode, text, err)
			}
		})
	}
	for deadline := time.Now().Add(30 * time.Second); written() < maxKeeping; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d are being written", written())
		}
	}
	time.Sleep(200 * time.Millisecond) // in which one more would begin
	if n := written(); n != maxKeeping {
		t.Errorf("%d are written at once, want %d", n, maxKeeping)
	}
	for _, in := range bodies {
		puts.Go(func() {
			_, err := in.Write(saved)
			if err = errors.Join(err, in.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	puts.Wait()
	if list, err := store.OpenTraces(folder).List(); err != nil || len(list) != maxKeeping+2 {
		t.Errorf("%d are kept, %v", len(list), err)
	}
}
