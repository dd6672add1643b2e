package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

func ask(t *testing.T, url, body string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	return askFrom(t, url, strings.NewReader(body), headers...)
}

func askFrom(t *testing.T, url string, body io.Reader, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/api/ask", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return do(t, req)
}

// failure reads an error answer.
func failure(t *testing.T, body []byte) trace.Failure {
	t.Helper()
	var e struct{ Error trace.Failure }
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return e.Error
}

// asksTwice is a runner whose requests with questions are two.
type asksTwice struct{ fakeRunner }

func (r asksTwice) Questions(req run.Request) ([]run.Request, error) {
	if req.Questions == nil {
		return []run.Request{req}, nil
	}
	if req.Questions[0] == "none" {
		return nil, input.Errorf("questions", "no such key")
	}
	one, other := req, req
	one.Questions, other.Questions, one.Key, other.Key = nil, nil, "a", "b"
	return []run.Request{one, other}, nil
}

// TestAskSeveral: a request with questions is answered by one result each, one without by
// its own alone.
func TestAskSeveral(t *testing.T) {
	var keys []string
	ts := start(t, Config{Runner: asksTwice{func(ctx context.Context, req run.Request, sink trace.Sink) error {
		keys = append(keys, req.Key)
		return emits(wholeRun())(ctx, req, sink)
	}}})
	resp, body := ask(t, ts.URL, `{"model":"attention","text":"x","questions":["a","b"]}`)
	var got figures.Answers
	if err := json.Unmarshal(body, &got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	if len(got.Questions) != 2 || got.Questions[1].Key != "b" || got.Questions[1].Model == "" || strings.Join(keys, "") != "ab" {
		t.Errorf("%s of runs %v", body, keys)
	}
	if resp, body = ask(t, ts.URL, `{"model":"attention","text":"x","questions":["none"]}`); resp.StatusCode != http.StatusBadRequest || failure(t, body).Field != "questions" {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	var alone figures.Result
	if _, body = ask(t, ts.URL, `{"model":"attention","text":"x","key":"c"}`); json.Unmarshal(body, &alone) != nil || alone.Model == "" {
		t.Errorf("one question: %s", body)
	}
}

func TestAsk(t *testing.T) {
	var asked run.Request
	ts := start(t, Config{Runner: fakeRunner(func(ctx context.Context, req run.Request, sink trace.Sink) error {
		asked = req
		return emits(wholeRun())(ctx, req, sink)
	})})
	resp, body := ask(t, ts.URL, `{"model":"attention","task":"MK-2","seed":18446744073709551615,"budget":"1/16"}`, "Content-Type", "application/json; charset=utf-8")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	if want := (run.Request{Model: "attention", Task: "MK-2", Seed: 1<<64 - 1, Config: sparse.Config{Values: sparse.Values{"budget": "1/16"}}}); !reflect.DeepEqual(asked, want) {
		t.Errorf("ran %+v, want %+v", asked, want)
	}
	var got figures.Result
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Answer != "b" || got.Score == nil || *got.Score != 1 || got.PromptTokens != 1 || got.Model != "attention" {
		t.Errorf("result %+v", got)
	}
}

func TestAskRefusals(t *testing.T) {
	fails := func(err error) Runner {
		return fakeRunner(func(context.Context, run.Request, trace.Sink) error { return err })
	}
	for _, c := range []struct {
		name, body string
		headers    []string
		runner     Runner
		status     int
		field      string
		message    string // part of it
	}{
		{name: "not JSON", body: `{"model":`, status: 400, message: "ends too early"},
		{name: "bad JSON", body: `{model}`, status: 400, message: "not JSON"},
		{name: "empty", body: ``, status: 400, message: "empty"},
		{name: "a list", body: `[]`, status: 400, message: "array"},
		{name: "null", body: " null\n", status: 400, message: "null, a JSON object"},
		{name: "another encoding", body: "{\"text\":\"caf\xe9\"}", status: 400, message: "not UTF-8"},
		{name: "two objects", body: `{}{}`, status: 400, message: "goes on"},
		{name: "unknown field", body: `{"budgt":"1"}`, status: 400, field: "budgt", message: "allowed are model, task"},
		{name: "wrong type", body: `{"block":"x"}`, status: 400, field: "block", message: "string where a whole number"},
		{name: "number out of range", body: `{"seed":-1}`, status: 400, field: "seed", message: "found number -1, want a whole number from 0"},
		{name: "too large", body: `{"text":"` + strings.Repeat("x", maxRequest) + `"}`, status: 413, message: "larger than 1048576 bytes"},
		{name: "form", body: `{}`, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, message: "application/json"},
		{name: "no type", body: `{}`, headers: []string{"Content-Type", ""}, status: 415, message: "application/json"},
		{name: "another site", body: `{}`, headers: []string{"Origin", "http://evil.example"}, status: 403, message: "other origins"},
		{name: "another site, modern", body: `{}`, headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, message: "other origins"},
		{name: "bad value", body: `{}`, runner: fails(input.Errorf("budget", "7, must be above 0 and at most 1")), status: 400, field: "budget", message: "7, must be"},
		{name: "engine error", body: `{}`, runner: fails(errors.New("disk on fire")), status: 500, message: "disk on fire"},
		{name: "no end", body: `{}`, runner: fails(nil), status: 500, message: "without a result"},
		{name: "panic", body: `{}`, runner: fakeRunner(func(context.Context, run.Request, trace.Sink) error { panic("secret") }), status: 500, message: "internal error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := start(t, Config{Runner: c.runner})
			resp, body := ask(t, ts.URL, c.body, c.headers...)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			f := failure(t, body)
			if f.Field != c.field || !strings.Contains(f.Message, c.message) {
				t.Errorf("field %q, message %q; want %q, %q", f.Field, f.Message, c.field, c.message)
			}
			if strings.Contains(string(body), "secret") {
				t.Errorf("the answer tells what panicked: %s", body)
			}
			// Whatever it was, the server lives on.
			if resp, _ := get(t, ts.URL+"/api/models"); resp.StatusCode != http.StatusOK {
				t.Errorf("afterwards: status %d", resp.StatusCode)
			}
		})
	}
}

// A body far beyond the limit is refused without being kept.
func TestAskEndlessBody(t *testing.T) {
	ts := start(t, Config{})
	const size = 256 << 20
	resp, body := askFrom(t, ts.URL, io.LimitReader(zeros{}, size))
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	if f := failure(t, body); !strings.Contains(f.Message, "larger") {
		t.Errorf("message %q", f.Message)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestAskCancelledByTheClient(t *testing.T) {
	begun, ended := make(chan bool), make(chan error, 1)
	ts := start(t, Config{Runner: fakeRunner(func(ctx context.Context, _ run.Request, _ trace.Sink) error {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ts.URL+"/api/ask", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	go func() {
		<-begun
		cancel()
	}()
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("client: %v", err)
	}
	within(t, ended, "the run to be cancelled")
}

func TestPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	ts := start(t, Config{
		Log:    slog.New(slog.NewTextHandler(&log, nil)),
		Runner: fakeRunner(func(context.Context, run.Request, trace.Sink) error { panic("shape 3 and 4") }),
	})
	ask(t, ts.URL, `{}`)
	ts.Close() // the log is complete
	if !strings.Contains(log.String(), "shape 3 and 4") || !strings.Contains(log.String(), "api_test.go") {
		t.Errorf("the log lacks the panic or its stack: %s", log.String())
	}
}

func TestEndpointsAndMethods(t *testing.T) {
	ts := start(t, Config{})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/models", 200, ""},
		{"HEAD", "/api/models", 200, ""},
		{"POST", "/api/models", 405, "GET"},
		{"GET", "/api/ask", 405, "POST"},
		{"PUT", "/api/ask", 405, "POST"},
		{"GET", "/api/run", 426, ""},
		{"DELETE", "/api/run", 405, "GET"},
		{"GET", "/api/", 404, ""},
		{"GET", "/api/nothing", 404, ""},
		{"POST", "/", 405, "GET, HEAD"},
	} {
		req, err := http.NewRequest(c.method, ts.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := do(t, req)
		if resp.StatusCode != c.status || resp.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: status %d, allow %q; want %d, %q", c.method, c.path, resp.StatusCode, resp.Header.Get("Allow"), c.status, c.allow)
		}
		if strings.HasPrefix(c.path, "/api/") && c.status >= 400 && failure(t, body).Message == "" {
			t.Errorf("%s %s: no message in %q", c.method, c.path, body)
		}
	}
}

func TestModels(t *testing.T) {
	ts := start(t, Config{})
	_, body := get(t, ts.URL+"/api/models")
	want := `{"models":[{"name":"attention","arch":"attention","base":"","title":"","memory":false,"layers":1,"heads":2,"kv_heads":0,"head_dim":0,"context":0,"params":0,"dtype":"","bytes":0,"note":"","prose":"","hash":""}]}` + "\n"
	if string(body) != want {
		t.Errorf("got  %swant %s", body, want)
	}
}

// Runs beyond the limit wait for their turn; a crowd beyond that is sent away.
func TestRunsTakeTurns(t *testing.T) {
	const waiters = 3
	begun, leave := make(chan bool, waiters+1), make(chan bool)
	ts := start(t, Config{Runs: 1, Runner: fakeRunner(func(ctx context.Context, req run.Request, sink trace.Sink) error {
		begun <- true
		<-leave
		return emits(wholeRun())(ctx, req, sink)
	})})
	done := make(chan int, waiters+1)
	for range waiters + 1 {
		go func() {
			resp, err := http.Post(ts.URL+"/api/ask", "application/json", strings.NewReader("{}"))
			if err != nil {
				done <- 0
				return
			}
			resp.Body.Close()
			done <- resp.StatusCode
		}()
	}
	for range waiters + 1 {
		within(t, begun, "a run to begin")
		select {
		case <-begun:
			t.Fatal("two runs at once")
		default:
		}
		leave <- true
		if status := within(t, done, "an answer"); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
}

func TestSlots(t *testing.T) {
	s := newSlots(1)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, maxWaiting)
	for range maxWaiting {
		go func() { errs <- s.acquire(ctx) }()
	}
	for s.waiting.Load() != maxWaiting {
		select {
		case err := <-errs:
			t.Fatalf("a waiter returned %v", err)
		default:
		}
	}
	if err := s.acquire(t.Context()); !errors.Is(err, errBusy) {
		t.Errorf("one too many: %v, want errBusy", err)
	}
	cancel()
	for range maxWaiting {
		if err := within(t, errs, "a waiter to give up"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled waiter: %v", err)
		}
	}
	s.release()
	if err := s.acquire(t.Context()); err != nil {
		t.Errorf("free again: %v", err)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"model":"attention","depth":0.5,"seed":1}`))
	f.Add([]byte(`{"x":1}`))
	f.Add([]byte(`null null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := parseRequest(body)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		// What was accepted says the same when sent on.
		again, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parseRequest(again); err != nil || !reflect.DeepEqual(back, req) {
			t.Fatalf("%+v became %+v, %v", req, back, err)
		}
	})
}
