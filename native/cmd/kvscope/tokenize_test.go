package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTokenize(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tok := write("tokenizer.json", `{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3}, "merges": ["a b"]}}`)
	text := write("text.txt", "ab a")
	lines := write("lines.jsonl", "\"ab\"\n\"\"\n\" b\"\n")
	for _, c := range []struct {
		args   []string
		status int
		out    string
		stderr string
	}{
		{[]string{"--tokenizer", tok, "--text", text, "--json"}, 0, `{"ids":[2,3,0],"pieces":["ab"," ","a"]}` + "\n", ""},
		{[]string{"--tokenizer", folder, "--text", text}, 0, "      2  \"ab\"\n      3  \" \"\n      0  \"a\"\n", ""},
		{[]string{"--tokenizer", tok, "--text", lines, "--lines"}, 0, "[2]\n[]\n[3,1]\n", ""},
		{[]string{"--tokenizer", tok}, 2, "", "--text: missing"},
		{[]string{"--text", text}, 2, "", "--tokenizer: want either"},
		{[]string{"--tokenizer", tok, "--model", "ratplus", "--text", text}, 2, "", "--tokenizer: want either"},
		{[]string{"--tokenizer", text, "--text", text}, 2, "", "tokenizer.json: invalid character"},
		{[]string{"--tokenizer", tok, "--text", text, "--lines"}, 2, "", "--lines: line 1: invalid character"},
	} {
		var stdout, stderr bytes.Buffer
		status := dispatch(context.Background(), append([]string{"tokenize"}, c.args...), &stdout, &stderr)
		if status != c.status || stdout.String() != c.out || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%q: status %d, %q, %q", c.args, status, stdout.String(), stderr.String())
		}
	}
}

func TestTokenizeModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(path, []byte("The grass is green."), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := dispatch(context.Background(), []string{"tokenize", "--model", "ratplus", "--text", path, "--json"}, &stdout, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	var got struct{ Pieces []string }
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Pieces, "grass") {
		t.Errorf("pieces %q", got.Pieces)
	}
}
