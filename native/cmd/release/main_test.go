package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRelease: each archive opens with its platform's own tools' formats, holds the
// program as it was, executable, and has the checksum that is written down.
func TestRelease(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range beside {
		write(t, name, name)
	}
	linux, windows := filepath.Join("linux-arm64", "kvscope"), filepath.Join("windows-amd64", "kvscope.exe")
	write(t, linux, "elf")
	write(t, windows, "pe")
	if err := release("out", "1.2.3", []string{linux, windows}); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("out/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(*testing.T, []byte) map[string]string{
		"kvscope-1.2.3-linux-arm64.tar.gz": readTar, "kvscope-1.2.3-windows-amd64.zip": readZip,
	} {
		data, err := os.ReadFile(filepath.Join("out", name))
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); !strings.Contains(string(sums), line) {
			t.Errorf("checksums lack %q", line)
		}
		files := read(t, data)
		folder := strings.TrimSuffix(strings.TrimSuffix(name, ".zip"), ".tar.gz")
		var want []string
		for _, file := range append([]string{"kvscope"}, beside...) {
			want = append(want, folder+"/"+file)
		}
		var got []string
		for file := range files {
			got = append(got, strings.TrimSuffix(file, ".exe"))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s holds %v, want %v", name, got, want)
		}
	}
	if err := release("out", "1.2.3", nil); err == nil {
		t.Error("no program is released")
	}
	if err := release("out", "1.2.3", []string{"linux-amd64/none"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func readTar(t *testing.T, data []byte) map[string]string {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files, archive := map[string]string{}, tar.NewReader(plain)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if program := string(text) == "elf"; program != (h.Mode == 0o755) {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
		files[h.Name] = string(text)
	}
}

func readZip(t *testing.T, data []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}
