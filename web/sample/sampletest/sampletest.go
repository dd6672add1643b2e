package sampletest

import (
	"bytes"
	"testing"

	"kvscope/engine/runfile"
	"kvscope/engine/trace"
	"kvscope/web/sample"
)

// Into tells a made-up run to sink, and returns that.
func Into[S trace.Sink](t testing.TB, s sample.Spec, sink S) S {
	t.Helper()
	events, err := sample.Events(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := sink.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	return sink
}

// File is a made-up run, changed as asked, and the file that it is saved as.
func File(t testing.TB, s sample.Spec, changes ...func(*trace.Run)) (*trace.Run, []byte) {
	t.Helper()
	f := runfile.File{Run: Into(t, s, &trace.Run{})}
	for _, change := range changes {
		change(f.Run)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return f.Run, out.Bytes()
}
