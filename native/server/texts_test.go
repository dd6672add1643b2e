package server

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kvscope/web/api"
	"kvscope/web/client"
)

// TestTextsAreKept: what one page keeps another finds, through the page's own client.
func TestTextsAreKept(t *testing.T) {
	ts, _ := lab(t)
	at, err := url.Parse(ts.URL)
	if err != nil {
		t.Fatal(err)
	}
	one, other := client.NewServer(at), client.NewServer(at)
	if meta, err := one.Meta(t.Context()); err != nil || meta.Limits.TextBytes != api.MaxText {
		t.Errorf("limits %+v, %v", meta.Limits, err)
	}
	text := "a text of é and 中\n" + strings.Repeat("long ", 1000)
	if got, err := other.Text(t.Context(), api.TextName(text)); got != "" || err != nil {
		t.Fatalf("before it is kept: %q, %v", got, err)
	}
	for range 2 {
		if err := one.KeepText(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := other.Text(t.Context(), api.TextName(text)); got != text || err != nil {
		t.Errorf("found %d bytes, %v", len(got), err)
	}
}

// TestTextRefusals: what cannot be kept is refused with what is to blame.
func TestTextRefusals(t *testing.T) {
	ts, _ := lab(t)
	long := strings.Repeat("x", api.MaxText+1)
	for _, c := range []struct {
		name, method, path, contentType, body string
		status                                int
		want                                  string
	}{
		{"another name", "PUT", api.TextName("b"), "text/plain", "a", 400, `"field":"name"`},
		{"no hash", "PUT", "ABCDEF0123456789", "text/plain", "a", 400, "16 hexadecimal digits"},
		{"empty", "PUT", api.TextName(""), "text/plain", "", 400, `"field":"text"`},
		{"no text", "PUT", api.TextName("\xff"), "text/plain", "\xff", 400, "UTF-8"},
		{"too long", "PUT", api.TextName(long), "text/plain", long, 413, "1048576 bytes"},
		{"a form", "PUT", api.TextName("a"), "application/x-www-form-urlencoded", "a", 415, "text/plain"},
		{"unknown", "GET", api.TextName("unknown"), "", "", 404, "no such text"},
		{"no hash to find", "GET", "%2e%2e%2fetc", "", "", 400, "16 hexadecimal digits"},
		{"deleted", "DELETE", api.TextName("a"), "", "", 405, "GET, PUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, ts.URL+"/api/texts/"+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", c.contentType)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
				t.Errorf("status %d, %s, %v; want %d with %q", resp.StatusCode, body, err, c.status, c.want)
			}
		})
	}
	none := start(t, Config{NoExperiments: "the disk is gone"})
	call(t, "GET", none.URL+"/api/texts/"+api.TextName("a"), "", http.StatusServiceUnavailable, nil)
}
