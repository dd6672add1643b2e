package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/input/inputtest"
)

// TestExportsReplaceTheirOwn: an export takes away what an earlier one wrote and this one
// does not, and nothing else.
func TestExportsReplaceTheirOwn(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "site")
	put := func(files map[string][]byte) {
		t.Helper()
		before, err := exported(folder)
		if err != nil {
			t.Fatal(err)
		}
		size, err := writeSite(folder, files, before)
		if err != nil || size == 0 {
			t.Fatal(size, err)
		}
	}
	put(map[string][]byte{"index.html": []byte("one"), "web/app-1.wasm": []byte("1")})
	own := filepath.Join(folder, "CNAME")
	if err := os.WriteFile(own, []byte("example.org"), 0o644); err != nil {
		t.Fatal(err)
	}
	put(map[string][]byte{"index.html": []byte("two"), "web/app-2.wasm": []byte("2")})
	var got []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(folder, path)
			got = append(got, filepath.ToSlash(name))
		}
		return err
	})
	if want := []string{"CNAME", "index.html", "site.json", "web/app-2.wasm"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v; %v", got, want, err)
	}
	if text, _ := os.ReadFile(filepath.Join(folder, "index.html")); string(text) != "two" {
		t.Errorf("the page is %q", text)
	}
}

// TestExportRefuses: folders that hold something else, lists that lead out of them, and
// no folder at all.
func TestExportRefuses(t *testing.T) {
	with := func(name, text string) string {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	for _, c := range []struct{ out, says string }{
		{"", "empty, want a value"},
		{with("thesis.tex", "x"), "something else"},
		{with("site.json", "{}"), "not the list"},
		{with("site.json", `["../thesis.tex"]`), "not in the folder"},
		{with("site.json", `["."]`), "not in the folder"},
		{with("site.json", `["web/.."]`), "not in the folder"},
		{with("site.json", `null`), "not the list"},
		{filepath.Join(with("file", "x"), "file"), "not a directory"},
	} {
		err := exportSite(t.Context(), []string{"--out", c.out}, io.Discard, io.Discard)
		if input.Field(err) != "out" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("--out %s: %v, want %q", c.out, err, c.says)
		}
	}
}

// TestBrokenExports breaks the list of an exported site. Nothing that is not below the folder
// is taken away by what is left of it, nor the folder itself.
func TestBrokenExports(t *testing.T) {
	folder := t.TempDir()
	inputtest.Broken(t, "site.json", []byte(`["index.html","web/app-1.wasm","models/ratplus/a..b.gz","site.json"]`), 1<<20, 400, func(data []byte) error {
		if err := os.WriteFile(filepath.Join(folder, siteFile), data, 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := exported(folder)
		for _, name := range names {
			if at := filepath.Join(folder, name); !strings.HasPrefix(at, folder+string(filepath.Separator)) {
				t.Errorf("%s names %q, which is %s", data, name, at)
			}
		}
		return err
	})
}
