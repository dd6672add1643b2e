package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kvscope/assets/dist"
	"kvscope/engine/checkpoint"
	"kvscope/engine/runfile"
)

func TestTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	args := []string{"trace", "--out", path, "--model", "ratplus", "--task", "S-2", "--context", "192", "--method", "quest", "--budget", "1/4", "--drop", "2", "--json"}
	status, stdout, stderr := runCommand(t, args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var wrote, read fileFigures
	if err := json.Unmarshal([]byte(stdout), &wrote); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = runCommand(t, "trace", "--in", path, "--json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, wrote) || !read.Looks || read.Frames < 10 || read.Tokens < 50 || read.Layers < 1 || read.Heads < 1 || read.Model != "ratplus" {
		t.Errorf("wrote %+v, read %+v", wrote, read)
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gate, err := f.Tensor("gate")
	if err != nil || gate.Shape[0] != read.Layers || gate.Shape[1] != read.Heads || gate.Shape[2] != read.Tokens+read.Steps-1 {
		t.Errorf("%v: gates of shape %v", err, gate.Shape)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := runfile.Read(content)
	if err != nil || file.Run.Header.Intervention == nil || len(file.Run.Header.Intervention.Drop) != 1 {
		t.Errorf("%v: the file does not say what was dropped", err)
	}
	if status, stdout, _ := runCommand(t, append([]string{"trace", "--light"}, args[1:]...)...); status != 0 || strings.Contains(stdout, `"queries_and_keys":true`) {
		t.Errorf("a light file: %d %s", status, stdout)
	}
	if small, err := os.Stat(path); err != nil || small.Size() > int64(len(content))/3 {
		t.Errorf("a light file is as large as a whole one: %v", err)
	}
	if status, stdout, _ := runCommand(t, "trace", "--in", path); status != 0 || !strings.Contains(stdout, "expected") {
		t.Errorf("in words: %d %s", status, stdout)
	}
}

func TestTraceWrongUsage(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(broken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"trace"}, "--out"},
		{[]string{"trace", "--in", "a", "--out", "b"}, "--out"},
		{[]string{"trace", "--in", "no such file"}, "--in"},
		{[]string{"trace", "--html", "x.html", "--hide", "prompt,header"}, `--hide: "header" is no part, want some of summary, prompt, steps, grid, heads`},
		{[]string{"trace", "--in", broken}, "--in"},
		{[]string{"trace", "--out", filepath.Join(t.TempDir(), "no", "such", "folder"), "--context", "128"}, "--out"},
		{[]string{"ask", "--model", "attention", "--memory-strength", "0.5"}, "--memory-strength: attention has no memory"},
		{[]string{"ask", "--drop", "9999"}, "--drop"},
	} {
		status, stdout, stderr := runCommand(t, c.args...)
		if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("kvscope %s: status %d, printed %q and %q, want one line with %q", strings.Join(c.args, " "), status, stdout, stderr, c.want)
		}
	}
}

// TestTraceOfMaps describes attention maps, and says of files of another kind what they
// are, here and where a model is named.
func TestTraceOfMaps(t *testing.T) {
	file := func(name string) string {
		return filepath.Join("..", "..", "..", "engine", "runfile", "testdata", "maps", name)
	}
	for name, of := range map[string][2]int{ // queries, layers
		"attentions.npz": {12, 2}, "positional_layers.npz": {12, 2}, "none_beside.npz": {12, 2}, "macosx.npz": {12, 2}, "raw_pieces.npz": {12, 2},
		"rtl.npz": {12, 2}, "batch_as_layers.npz": {12, 6}, "generate_ragged.npz": {3, 2},
	} {
		status, stdout, stderr := runCommand(t, "trace", "--in", file(name))
		want := fmt.Sprintf("attention maps of a model that it does not name, 12 tokens, of which the last %d are queries, %d layers of 4 heads\n", of[0], of[1])
		ignored := map[bool]string{true: "ignored: mask, which attention maps have no use for\n"}[name == "none_beside.npz"]
		if status != 0 || !strings.HasSuffix(stdout, want) || stderr != ignored {
			t.Errorf("%s: status %d, %q, %q, want %q, %q", name, status, stdout, stderr, want, ignored)
		}
	}
	for name, want := range map[string]string{
		"plain.npy": "a NumPy array (.npy)", "lfs_pointer.safetensors": "a git-lfs pointer", "torch.pt": "a PyTorch file",
	} {
		for _, args := range [][]string{{"trace", "--in", file(name)}, {"ask", "--model", file(name)}} {
			status, stdout, stderr := runCommand(t, args...)
			if status == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) || !strings.Contains(stderr, args[1][2:]) {
				t.Errorf("kvscope %s: status %d, printed %q and %q, want one line with %q", strings.Join(args, " "), status, stdout, stderr, want)
			}
		}
	}
	for name, want := range map[string]string{"rowsum.npz": "train mode", "dropout_last32.npz": "train mode", "leftpad_uniform.npz": "left padding", "tokens_object.npz": "Python objects"} {
		if status, _, stderr := runCommand(t, "trace", "--in", file(name)); status != 2 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %q, want one line with %q", name, status, stderr, want)
		}
	}
}

// A run becomes a page that holds all it needs, without the queries and keys that it does
// not draw; a recorded one does too.
func TestTracePage(t *testing.T) {
	if _, err := dist.Load(); err != nil {
		t.Skip("no browser program: make wasm builds it")
	}
	folder := t.TempDir()
	run, page, again := filepath.Join(folder, "run.safetensors"), filepath.Join(folder, "run.html"), filepath.Join(folder, "again.html")
	args := []string{"trace", "--model", "attention", "--task", "S-2", "--context", "192", "--method", "quest", "--budget", "1/4"}
	if status, _, stderr := runCommand(t, append(args, "--out", run, "--html", page)...); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if status, _, stderr := runCommand(t, "trace", "--in", run, "--html", again, "--hide", "prompt"); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	whole, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	less, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(whole), `data-part="prompt"`) || strings.Contains(string(less), `data-part="prompt"`) || !strings.Contains(string(less), `data-part="heads"`) {
		t.Error("the page does not have the parts that were asked for")
	}
	if len(whole) > 4<<20 {
		t.Errorf("the page has %d bytes", len(whole))
	}
}
