package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kvscope/assets/dist"
)

// TestPackFindsTheRest: what CONTRIBUTING has those run who have no make leaves every file that
// the program is served from.
func TestPackFindsTheRest(t *testing.T) {
	t.Chdir("../../..")
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^    go run \./native/cmd/pack(.*)$`).FindSubmatch(text)
	if line == nil {
		t.Fatal("CONTRIBUTING.md does not run the packer")
	}
	for _, name := range []string{"app.wasm", "widget.wasm"} {
		if !bytes.Contains(text, []byte(" -o "+name+" ")) {
			t.Errorf("CONTRIBUTING.md does not build %s", name)
		}
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("compiled"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(strings.Fields(string(line[1])), "-wasm", program, "-widget", program, "-out", dir, "-level", "0")
	if err := run(args); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dist.BrotliFile, dist.GzipFile, dist.BootFile, dist.InfoFile, dist.WidgetFile, dist.WidgetBrotliFile, dist.ElementFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := run([]string{"-wasm", filepath.Join(dir, "none"), "-out", dir}); err == nil {
		t.Error("a program that is not there is packed")
	}
}
