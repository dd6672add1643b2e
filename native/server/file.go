package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// file is a file in memory, in one or more encodings.
type file struct {
	contentType string
	plain       []byte // may be nil when gzip is not
	brotli      []byte // may be nil
	gzip        []byte // may be nil
	size        int    // of the plain form
	tag         string // changes with the content
	immutable   bool   // the URL changes with the content
}

// textFile compresses what is worth it once, at start.
func textFile(contentType string, text []byte, immutable bool) *file {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text) // a Buffer takes everything
	w.Close()
	return &file{contentType: contentType, plain: text, gzip: b.Bytes(), size: len(text), tag: hash(text), immutable: immutable}
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encoding, body := f.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	// Each encoding is a representation of its own.
	tag := `"` + f.tag + strings.TrimPrefix("-"+encoding, "-identity") + `"`
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	length := f.size
	if encoding != "identity" {
		h.Set("Content-Encoding", encoding)
		length = len(body)
	}
	h.Set("Content-Length", strconv.Itoa(length))
	if r.Method == http.MethodHead {
		return
	}
	if body != nil {
		w.Write(body)
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(f.gzip))
	if err != nil {
		panic(err) // we compressed it
	}
	_, _ = io.Copy(w, plain) // nobody is left to tell
}

// choose picks the smallest encoding that an Accept-Encoding header allows. A nil
// body means the plain form, to be unpacked.
func (f *file) choose(accept string) (encoding string, body []byte) {
	switch {
	case f.brotli != nil && accepts(accept, "br"):
		return "br", f.brotli
	case f.gzip != nil && accepts(accept, "gzip"):
		return "gzip", f.gzip
	}
	return "identity", f.plain
}

// accepts reports whether an Accept-Encoding header names coding, or any, with a
// weight above zero (RFC 9110, section 12.5.3).
func accepts(header, coding string) bool {
	any := false
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		name = strings.TrimSpace(name)
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // what is no number counts as zero
		}
		if strings.EqualFold(name, coding) {
			return weight > 0
		}
		if name == "*" {
			any = weight > 0
		}
	}
	return any
}

// matches reports whether an If-None-Match header names tag.
func matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == tag {
			return true
		}
	}
	return false
}
