package server

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
)

// unset is a boolean attribute that does not apply, as go-app writes it. HTML
// takes it for set, whatever its value.
var unset = regexp.MustCompile(` (?:checked|disabled|hidden|selected)="false"`)

// viewport matches go-app's element about the size of the page, its attributes in any order.
// It forbids zooming by hand.
var viewport = regexp.MustCompile(`<meta [^>]*name="viewport"[^>]*>`)

// zoomable takes its place, so that people can zoom.
const zoomable = `<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">`

// prerendered serves pages that go-app draws ahead of the program, without attributes
// that do not apply, and free to be zoomed. The first screen stands in the one that shows
// it, which is that without a query.
func prerendered(first *atomic.Pointer[firstScreen], pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := &responseBuffer{ResponseWriter: w, status: http.StatusOK}
		pages.ServeHTTP(page, r)
		body := unset.ReplaceAllLiteral(page.body.Bytes(), nil)
		body = viewport.ReplaceAllLiteral(body, []byte(zoomable))
		if r.URL.Path == "/" && r.URL.RawQuery == "" {
			body = first.Load().in(body)
		}
		if len(body) > 0 {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(page.status)
		_, _ = w.Write(body) // of a browser that went nothing is to be told
	})
}

// responseBuffer keeps what is written to it.
type responseBuffer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (h *responseBuffer) WriteHeader(status int) { h.status = status }

// Write implements io.Writer.
func (h *responseBuffer) Write(p []byte) (int, error) { return h.body.Write(p) }
