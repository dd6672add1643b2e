//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// words are the arguments that a shell hands to kvscope for a line, and its standard input.
func words(t *testing.T, line string) (args []string, stdin string) {
	t.Helper()
	in := filepath.Join(t.TempDir(), "stdin")
	shell := exec.Command("sh", "-c", `kvscope() { [ -t 0 ] || cat > "$IN"; printf '%s\0' "$@"; }`+"\n"+line)
	shell.Env = append(os.Environ(), "IN="+in)
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for word := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		args = append(args, string(word))
	}
	content, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	return args, string(content)
}

// TestCommandRepeatsTheRequest lets a shell and the flags read the line of requests, each
// field of which is set in some: they are asked for again to the letter.
func TestCommandRepeatsTheRequest(t *testing.T) {
	cell := experiment.Cell{Model: "ratplus", Task: "MK-2", Method: "snapkv", Selector: "random", SelectorSeed: 3, Context: 512, First: 20, Examples: 5,
		Params: `{"budget":"1/8","sparse_from":"question","window":16}`, Swap: experiment.Swap{SelectWith: run.WithPlain, ComputeWith: run.WithPlain}}
	requests := []run.Request{
		{Model: "attention", Task: "S-1", Seed: 1},
		{Model: "ratplus", Task: "MK-2", Seed: 0, Context: new(512), Depth: new(0.0), Prose: "tom-sawyer",
			Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/16", "block": "8", "k": "3", "public_code": "true", "dense_layers": "2", "sparse_from": "context"}}, MaxNew: new(3)},
		{Model: "ratplus", Task: "S-2", Seed: 1<<63 + 1, Force: "3,7", Drop: "9", MemoryStrength: new(0.0), MemoryCap: new(8), SelectWith: "plain", ComputeWith: "memory"},
		{Model: "attention", Text: "It's \"mine\"; $HOME `id` \\ % \n\tand 中文.\n", Key: "-brave lantern", Value: "don't", Depth: new(0.25)},
		{Model: "attention", Text: `{"input": "Some special magic", "outputs": ["1"]}`, Seed: 1},
		{Model: "attention", Prompt: "The capital of\nFrance's", Config: sparse.Config{Method: "quest", Selector: "random", SelectorSeed: 5}},
		{Model: "attention", Text: "x", Questions: []string{"brave lantern", "-a", "it's", "*"}},
		cell.Request(4),
	}
	said := map[string]bool{}
	for _, want := range requests {
		line, ok := want.Command()
		if !ok {
			t.Fatalf("no line for %+v", want)
		}
		args, stdin := words(t, line)
		var q question
		fs := flags("ask", os.Stderr)
		q.flags(fs)
		if args[0] != "ask" {
			t.Fatalf("%s: the command %s", line, args[0])
		}
		if err := parse(fs, args[1:]); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got := q.req
		if q.text == standardInput {
			got.Text = stdin
		} else if q.text != "" || want.Text != "" {
			t.Errorf("%s: text from %q", line, q.text)
		}
		if want.Method == "" {
			want.Method = sparse.DefaultMethod
		}
		if got.ID() != want.ID() {
			t.Errorf("%s\nasks for %+v\nwant     %+v", line, got, want)
		}
		for _, arg := range args {
			name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			said[strings.ReplaceAll(name, "-", "_")] = true
		}
	}
	fields := reflect.TypeFor[run.Request]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if name != "" && !said[name] {
			t.Errorf("no request sets %s", name)
		}
	}
	if _, ok := (run.Request{Model: "m", Text: "a\x00b"}).Command(); ok {
		t.Error("a line with a zero byte")
	}
}

// TestTextFromStandardInput: what a line hands over is what is asked.
func TestTextFromStandardInput(t *testing.T) {
	in, err := os.Create(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := in.WriteString("The cat sat."); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = in
	defer func() { os.Stdin = was }()
	if got, err := questionText(standardInput, 1); err != nil || got != "The cat sat." {
		t.Errorf("read %q, %v", got, err)
	}
}
