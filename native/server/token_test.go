package server

import (
	"net/http"
	"testing"

	"github.com/coder/websocket"
)

// TestToken: nothing is answered without the token, the page's files and the stream
// included; it is taken as a header, as a cookie, and once from the address.
func TestToken(t *testing.T) {
	ts := start(t, Config{Token: "secret"})
	for _, path := range []string{"/", "/api/meta", "/api/models", "/api/experiments", "/app.js", "/?token=", "/?token=Secret"} {
		if resp, body := get(t, ts.URL+path); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without the token: status %d, %s", path, resp.StatusCode, body)
		}
	}
	for _, headers := range [][]string{{"Authorization", "Bearer secret"}, {"Cookie", tokenCookie + "=secret"}} {
		if resp, _ := get(t, ts.URL+"/api/meta", headers...); resp.StatusCode != http.StatusOK {
			t.Errorf("%v: status %d", headers, resp.StatusCode)
		}
	}
	for _, headers := range [][]string{{"Authorization", "Bearer "}, {"Authorization", "secret"}, {"Cookie", tokenCookie + "="}} {
		if resp, _ := get(t, ts.URL+"/api/meta", headers...); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%v: status %d", headers, resp.StatusCode)
		}
	}
	if _, _, err := websocket.Dial(t.Context(), ts.URL+"/api/run", nil); err == nil {
		t.Error("a stream without the token")
	}
	conn, _, err := websocket.Dial(t.Context(), ts.URL+"/api/run", &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {tokenCookie + "=secret"}}})
	if err != nil {
		t.Fatalf("a stream with the cookie: %v", err)
	}
	conn.CloseNow()
}

// TestTokenInAddress: it becomes a cookie and leaves the address, which stays on this
// server.
func TestTokenInAddress(t *testing.T) {
	ts := start(t, Config{Token: "secret"})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/?seed=3&token=secret": "/?seed=3", "/?token=secret": "/", "//evil.example/?token=secret": "/evil.example/",
	} {
		for _, cookie := range []string{"", tokenCookie + "=secret"} { // of a browser that has opened it before
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Cookie", cookie)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != want {
				t.Errorf("%s: status %d to %q, want %q", path, resp.StatusCode, got, want)
			}
			c := resp.Cookies()
			if len(c) != 1 || c[0].Value != "secret" || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode {
				t.Errorf("%s: cookies %v", path, c)
			}
		}
	}
}

// TestHostsOffLoopback: a server that others can reach answers to addresses and to the
// names it was given, so that a foreign name that leads here (DNS rebinding) gets nothing.
func TestHostsOffLoopback(t *testing.T) {
	for _, c := range []struct {
		host         string
		loopback, ok bool
	}{
		{"lab.example", false, true}, {"LAB.example:8080", false, true}, {"192.0.2.7:80", false, true}, {"[2001:db8::1]:80", false, true},
		{"localhost", false, true}, {"evil.example", false, false}, {"lab.example.evil", false, false}, {"192.0.2.7.evil.example", false, false},
		{"lab.example", true, true}, {"192.0.2.7", true, false}, {"127.0.0.1", true, true},
	} {
		ts := start(t, Config{Loopback: c.loopback, Hosts: []string{"lab.example"}})
		req, err := http.NewRequest(http.MethodGet, ts.URL+"/api/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		if resp, _ := do(t, req); (resp.StatusCode == http.StatusOK) != c.ok {
			t.Errorf("%s, loopback %v: status %d", c.host, c.loopback, resp.StatusCode)
		}
	}
}
