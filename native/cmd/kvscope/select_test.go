package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/sparse/apply"
)

// dumps are files as users of other programs have them.
const dumps = "../../../engine/sparse/apply/testdata"

// TestSelectFilesThatPeopleHave runs the command on each of them: with how much the first
// head keeps, or with what one line instead.
func TestSelectFilesThatPeopleHave(t *testing.T) {
	maps := "../../../engine/runfile/testdata/maps/"
	half := []string{"--method", "quest", "--budget", "1/2"}
	for _, c := range []struct {
		file    string
		args    []string
		keys    int
		ignored []string
		problem []string
	}{
		{file: "settings_as_numbers.npz", keys: 64},
		{file: "quest22.safetensors", args: []string{"--public-code"}, keys: 48},
		{file: "snapkv_authors_names.safetensors", keys: 40},
		{file: "snapkv_authors_names.safetensors", args: half, keys: 32, ignored: []string{"kernel_size", "max_capacity_prompt", "pooling", "window_size"}},
		{file: "quest_authors_names.safetensors", keys: 16},
		{file: "twilight_top_p.safetensors", keys: 8},
		{file: "twilight_top_p.safetensors", args: []string{"--top-p", "0.9"}, keys: 23},
		{file: "bshd_mha.npz", args: half, problem: []string{"--layout: ", "40 heads of only 8 positions"}},
		{file: "bshd_mha.npz", args: append(half, "--layout", "[batch, seq, head, head_dim]"), keys: 24},
		{file: "nan_left_padding.safetensors", args: half, problem: []string{`"k" is NaN at head 0, position 0`, "--mask 3"}},
		{file: "nan_left_padding.safetensors", args: append(half, "--mask", "3"), keys: 29},
		{file: "mla_v_narrower.safetensors", args: half, keys: 32},
		{file: "bf16.npz", args: half, problem: []string{"bfloat16 as NumPy saves it", "save float32"}},
		{file: maps + "plain.npy", args: half, problem: []string{"a NumPy array (.npy)", "numpy.savez"}},
		{file: maps + "lfs_pointer.safetensors", args: half, problem: []string{"a git-lfs pointer", "git lfs pull"}},
		{file: maps + "torch.pt", args: half, problem: []string{"a PyTorch file with nothing", "safetensors"}},
		{file: maps + "attentions.npz", args: half, problem: []string{`"k" is missing`, "attentions F32 [2 4 12 12]"}},
		{file: "quest22.safetensors", args: []string{"--scale", "-1"}, problem: []string{`--scale: "-1"`, "above 0"}},
		{file: "quest22.safetensors", args: []string{"--mask", "50"}, problem: []string{"--mask: the first 50 positions, want 0 to 49"}},
	} {
		in := c.file
		if !strings.Contains(in, "/") {
			in = filepath.Join(dumps, in)
		}
		out := filepath.Join(t.TempDir(), "out.safetensors")
		status, stdout, stderr := runCommand(t, append([]string{"select", "--in", in, "--out", out, "--json"}, c.args...)...)
		if len(c.problem) > 0 {
			for _, part := range c.problem {
				if status == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, part) {
					t.Errorf("%s %v: status %d, %q, want one line with %q", c.file, c.args, status, stderr, part)
				}
			}
			continue
		}
		var printed struct {
			Selected [][]int    `json:"selected"`
			Read     apply.Read `json:"read"`
			Ignored  []string   `json:"ignored"`
		}
		if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
			t.Errorf("%s %v: %v, %s", c.file, c.args, err, stderr)
			continue
		}
		if len(printed.Selected[0]) != c.keys || !slices.Equal(printed.Ignored, append([]string{}, c.ignored...)) {
			t.Errorf("%s %v: %d keys, ignored %v, want %d, %v", c.file, c.args, len(printed.Selected[0]), printed.Ignored, c.keys, c.ignored)
		}
		if r := printed.Read; r.Heads == 0 || r.KVHeads == 0 || r.Queries == 0 || r.Keys == 0 || r.HeadDim == 0 || r.ValueDim == 0 || r.Layout == "" || r.Scale == 0 {
			t.Errorf("%s: read %+v", c.file, r)
		}
	}
}

// TestSelectSaysWhatItRead in text too, and in one line what nothing was made of.
func TestSelectSaysWhatItRead(t *testing.T) {
	in := filepath.Join(dumps, "snapkv_authors_names.safetensors")
	status, stdout, stderr := runCommand(t, "select", "--in", in, "--out", filepath.Join(t.TempDir(), "out"), "--method", "quest", "--budget", "1/2", "--kernel", "5")
	if status != 0 || !strings.Contains(stdout, "heads 4, key-value heads 4, queries 64, keys 64, channels 8; read as [head, seq, head_dim], scale 0.35355338\n") {
		t.Errorf("%d, %q", status, stdout)
	}
	if stderr != "ignored: kernel_size, max_capacity_prompt, pooling, window_size, kernel, which quest does not use\n" {
		t.Errorf("said %q", stderr)
	}
}

// TestSelectSaysWhatCounts: of two names in a file for one number it says which it left.
func TestSelectSaysWhatCounts(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.safetensors")
	x := make([]float32, 64*8)
	tensors := []checkpoint.Tensor{checkpoint.NewF32("q", []int{1, 64, 8}, x), checkpoint.NewF32("k", []int{1, 64, 8}, x)}
	for _, c := range []struct {
		metadata map[string]string
		want     string
	}{
		{map[string]string{"method": "quest", "k": "2", "budget": "1/4"}, "ignored: budget, which k says too\n"},
		{map[string]string{"method": "moba", "block": "8", "moba_chunk_size": "16", "kernel": "3"}, "ignored: moba_chunk_size, which block says too\nignored: kernel, which moba does not use\n"},
	} {
		if err := save(in, c.metadata, tensors); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := runCommand(t, "select", "--in", in, "--out", in+".out"); status != 0 || stderr != c.want {
			t.Errorf("%v: %d, said %q, want %q", c.metadata, status, stderr, c.want)
		}
	}
}

// TestInputsStay: no command writes over a file that it reads, by whatever name.
func TestInputsStay(t *testing.T) {
	dir := t.TempDir()
	content, err := os.ReadFile(filepath.Join(dumps, "quest22.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	in, link, hard := filepath.Join(dir, "in"), filepath.Join(dir, "link"), filepath.Join(dir, "hard")
	if err := os.WriteFile(in, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("in", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(in, hard); err != nil {
		t.Fatal(err)
	}
	other, ruler, config := filepath.Join(t.TempDir(), "other"), filepath.Join(dir, "one"+rulerSuffix), filepath.Join(dir, "run.conf")
	base, start := filepath.Join(dir, "base", "model.safetensors"), filepath.Join(dir, "start", "state.safetensors")
	const rest = "\nprose = p.txt\nrank = 2\ngates = none\n[stage]\ncontext = 64\nbatch = 64\ntokens = 64\nlr = 0.001\nmix = prose 1\n"
	for path, text := range map[string]string{ruler: "{}", base: "x", start: "x", config: "base = " + base + "\nstart = " + start + rest} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"select", "--in", in, "--out", in},
		{"select", "--in", in, "--out", link},
		{"select", "--in", link, "--out", hard},
		{"select", "--in", filepath.Join(dumps, "quest22.safetensors"), "--mask", in, "--out", in},
		{"convert", "--model", in, "--out", in},
		{"convert", "--model", dir, "--out", in},
		{"quantize", "--model", in, "--out", link},
		{"dump", "--model", in, "--ids", "1", "--out", in},
		{"dump", "--model", "ratplus", "--text", in, "--out", in},
		{"trace", "--model", "ratplus", "--text", in, "--key", "k", "--out", in},
		{"trace", "--model", "ratplus", "--text", in, "--key", "k", "--html", other, "--out", in},
		{"trace", "--model", "ratplus", "--text", in, "--key", "k", "--out", other, "--html", link},
		{"trace", "--model", tinyLlama, "--adapter", dir, "--out", in},
		{"trace", "--model", tinyLlama + "+" + dir, "--out", other, "--html", hard},
		{"trace", "--model", tinyLlama, "--tokenizer", in, "--out", in},
		{"trace", "--model", filepath.Join(dumps, "quest22.safetensors"), "--mask", in, "--out", in},
		{"trace", "--task", ruler, "--out", ruler},
		{"trace", "--in", in, "--html", in},
		{"trace", "--in", link, "--html", hard},
		{"train", "--config", config, "--out", filepath.Join(dir, "base")},
		{"train", "--config", config, "--out", filepath.Join(dir, "start")},
	} {
		status, stdout, stderr := runCommand(t, args...)
		flag := "--" + map[bool]string{true: "html", false: "out"}[args[len(args)-2] == "--html"] + ": "
		if status != 2 || stdout != "" || !strings.Contains(stderr, flag) || !strings.Contains(stderr, "is an input") {
			t.Errorf("%v: %d %q %q", args, status, stdout, stderr)
		}
		if now, err := os.ReadFile(in); err != nil || !bytes.Equal(now, content) {
			t.Fatalf("%v: the input has changed: %v", args, err)
		}
	}
	// Nor one file over another that it writes.
	status, stdout, stderr := runCommand(t, "trace", "--out", other, "--html", filepath.Dir(other)+"/./other")
	if status != 2 || stdout != "" || !strings.Contains(stderr, "--html: ") || !strings.Contains(stderr, "--out too") {
		t.Errorf("one file for both: %d %q %q", status, stdout, stderr)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("written before it was refused")
	}
}
