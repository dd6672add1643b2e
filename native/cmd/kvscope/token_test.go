package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
)

func TestReadToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token.txt")
	made, err := readToken(path)
	if err != nil || len(made) < leastToken {
		t.Fatalf("made %q, %v", made, err)
	}
	if again, err := readToken(path); err != nil || again != made {
		t.Errorf("read %q, %v, want %q", again, err, made)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if none, err := readToken(""); none != "" || err != nil {
		t.Errorf("%q %v", none, err)
	}
	for _, text := range []string{"", "\n", "short", "a token of several words", "token\r\nwith: a header"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readToken(path); input.Field(err) != "token" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := readToken(t.TempDir()); input.Field(err) != "token" {
		t.Errorf("a folder: %v", err)
	}
}

func TestHostNames(t *testing.T) {
	if got, err := hostNames("lab.example.org, kv"); err != nil || !slices.Equal(got, []string{"lab.example.org", "kv"}) {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{",", "a,", "http://a", "a:80", "*", "[::1]", "a..b", "a.", ".a", "münchen.example", "a\tb", "a;b", strings.Repeat("a", 64)} {
		if got, err := hostNames(bad); input.Field(err) != "host" {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

// TestServeForOthersAsksForToken: no server that other machines reach lets them in unasked.
func TestServeForOthersAsksForToken(t *testing.T) {
	t.Setenv("KVSCOPE_DATA", t.TempDir())
	if err := serve(t.Context(), []string{"--addr", "0.0.0.0:0"}, io.Discard, io.Discard); input.Field(err) != "token" {
		t.Errorf("got %v", err)
	}
}
