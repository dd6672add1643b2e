package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/traces"
	"kvscope/web/widget"
)

// traceStore is a place where recorded runs are kept: this browser, or the server.
type traceStore interface {
	// all finds what is known of every trace.
	all(done func(traces.List), failed func())
	// keep keeps a file as a trace, in place of one of its key.
	keep(t traces.Trace, file app.Value, done, failed func())
	// describe keeps another name and note of a trace; gone says that there is none.
	describe(t traces.Trace, done, failed, gone func())
	// file finds the file of a trace.
	file(key string, done func(file app.Value), gone func())
	remove(key string, done, failed func())
}

// storeOf is where a trace is kept.
func storeOf(t traces.Trace) traceStore {
	if t.Server {
		return serverTraces{}
	}
	return browserTraces{}
}

// browserTraces are the records {about, file} of a database of this browser: what is known
// of a trace, as JSON, and its file.
type browserTraces struct{}

func (browserTraces) records() browser.Database {
	return browser.Database{Name: "kvscope-traces", Store: "traces"}
}

func (b browserTraces) all(done func(traces.List), failed func()) {
	b.records().All(func(keys, records []app.Value) {
		go func() { // who reads a file waits for the browser
			var list traces.List
			for i, record := range records {
				list = list.Add(b.trace(keys[i].String(), record))
			}
			done(list)
		}()
	}, failed)
}

// trace is the trace of a record. One whose description cannot be read is described anew, as
// the server's are.
func (b browserTraces) trace(key string, record app.Value) traces.Trace {
	if record.Type() != app.TypeObject {
		return traces.Unread(key, 0, errors.New("its record has no file"))
	}
	about := []byte(record.Get("about").String())
	t, err := traces.Read(about)
	if err == nil {
		t.Key = key
		return t
	}
	file := record.Get("file")
	if !browser.IsFile(file) {
		return traces.Unread(key, 0, fmt.Errorf("its description cannot be read (%w), and its record has no file", err))
	}
	blob := browser.NewBlob(file)
	t, whole := traces.Mended(key, about, err, blob, blob.Size())
	if whole {
		b.keep(t, file, func() {}, func() {}) // else it is made anew the next time too
	}
	return t
}

func (b browserTraces) keep(t traces.Trace, file app.Value, done, failed func()) {
	about, err := json.Marshal(t)
	if err != nil {
		failed()
		return
	}
	record := app.Window().Get("Object").New()
	record.Set("about", string(about))
	record.Set("file", file)
	b.records().Put(t.Key, record, "", done, failed)
}

func (b browserTraces) describe(t traces.Trace, done, failed, gone func()) {
	b.file(t.Key, func(file app.Value) { b.keep(t, file, done, failed) }, gone)
}

func (b browserTraces) file(key string, done func(app.Value), gone func()) {
	b.records().Get(key, func(record app.Value) {
		if record.Type() != app.TypeObject || !browser.IsFile(record.Get("file")) {
			gone()
			return
		}
		done(record.Get("file"))
	})
}

func (b browserTraces) remove(key string, done, failed func()) {
	b.records().Delete(key, done, failed)
}

// serverTraces keeps traces in the server's data folder.
type serverTraces struct{}

func (serverTraces) at(key string) string { return widget.At("/api/traces/" + url.PathEscape(key)) }

func (serverTraces) all(done func(traces.List), failed func()) {
	browser.Send("GET", widget.At("/api/traces"), "", app.Undefined(), func(answer app.Value) {
		browser.TextOf(answer, func(text string) {
			var kept api.Traces
			if json.Unmarshal([]byte(text), &kept) != nil || !kept.Kept {
				failed()
				return
			}
			for i := range kept.Traces {
				kept.Traces[i].Server = true
			}
			done(kept.Traces)
		}, failed)
	}, func(int) { failed() })
}

func (s serverTraces) keep(t traces.Trace, file app.Value, done, failed func()) {
	browser.Send("PUT", s.at(t.Key)+"?name="+url.QueryEscape(t.Name), "application/octet-stream", file, func(app.Value) {
		if t.Note == "" {
			done()
			return
		}
		s.describe(t, done, failed, failed)
	}, func(int) { failed() })
}

func (s serverTraces) describe(t traces.Trace, done, failed, gone func()) {
	text, err := json.Marshal(traces.Change{Name: t.Name, Note: t.Note})
	if err != nil {
		failed()
		return
	}
	browser.Send("PATCH", s.at(t.Key), "application/json", app.ValueOf(string(text)), func(app.Value) { done() }, func(status int) {
		if status == 404 {
			gone()
			return
		}
		failed()
	})
}

func (s serverTraces) file(key string, done func(app.Value), gone func()) {
	browser.Send("GET", s.at(key), "", app.Undefined(), func(answer app.Value) { browser.BlobOf(answer, done, gone) }, func(int) { gone() })
}

func (s serverTraces) remove(key string, done, failed func()) {
	browser.Send("DELETE", s.at(key), "", app.Undefined(), func(app.Value) { done() }, func(int) { failed() })
}
