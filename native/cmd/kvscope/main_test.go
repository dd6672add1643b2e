package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/trace"
)

// command runs kvscope and returns its exit status and outputs.
func runCommand(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = dispatch(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func TestWrongUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string // in the one line
	}{
		{[]string{"fly"}, `no command "fly"`},
		{[]string{"ask", "--wings", "2"}, "no flag --wings"},
		{[]string{"ask", "--wings", "2"}, "`kvscope ask --help` lists"},
		{[]string{"ask", "--seed", "two"}, `--seed: "two", want a whole number from 0`},
		{[]string{"ask", "--seed"}, "--seed: missing, want a value"},
		{[]string{"ask", "--seed", "99999999999999999999"}, "--seed: \"99999999999999999999\", want a whole number from 0 of at most 18 digits"},
		{[]string{"ask", "--json=maybe"}, `--json: "maybe", want true or false`},
		{[]string{"ask", "--prompt", "a", "--task", "S-1"}, "--task: stands beside --prompt"},
		{[]string{"find", "--prompt", "a"}, "--prompt: find tries"},
		{[]string{"ask", "now"}, `"now"`},
		{[]string{"ask", "--task", "S-9"}, "--task"},
		{[]string{"ask", "--model", "gpt"}, "--model"},
		{[]string{"ask", "--method", "magic"}, "--method"},
		{[]string{"ask", "--method", "quest", "--budget", "3"}, "--budget"},
		{[]string{"ask", "--context", "100000"}, "--context"},
		{[]string{"ask", "--depth", "2"}, "depth"},
		{[]string{"ask", "--text", "no such file"}, "--text"},
		{[]string{"eval", "--seeds", "0"}, "--seeds: 0"},
		{[]string{"eval", "--context", "0"}, "--context: 0"},
		{[]string{"eval", "--methods", "snapkv", "--window", "0"}, "--window: 0"},
		{[]string{"eval", "--top-p", "2"}, "--top-p: 2"},
		{[]string{"eval", "--block", "8,x"}, "--block: "},
		{[]string{"select"}, "--in"},
		{[]string{"dump"}, "--out"},
		{[]string{"dump", "--out", "x", "--ids", "1", "--text", "y"}, "--ids"},
		{[]string{"dump", "--out", "x", "--ids", "one"}, "--ids"},
		{[]string{"dump", "--out", "x", "--ids", "99999"}, "--ids"},
		{[]string{"train"}, "--config"},
		{[]string{"serve", "--addr", "nowhere"}, "--addr"},
	} {
		status, stdout, stderr := runCommand(t, tc.args...)
		if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, tc.want) {
			t.Errorf("kvscope %s: status %d, printed %q and %q, want one line with %q", strings.Join(tc.args, " "), status, stdout, stderr, tc.want)
		}
	}
}

func TestHelp(t *testing.T) {
	if status, stdout, _ := runCommand(t, "help"); status != 0 || !strings.Contains(stdout, "select") {
		t.Errorf("help: %d %q", status, stdout)
	}
	for _, c := range commands() {
		if status, _, stderr := runCommand(t, c.name, "--help"); status != 0 || !strings.Contains(stderr, "Examples:\n  kvscope "+c.name) {
			t.Errorf("%s --help: %d %q", c.name, status, stderr)
		}
	}
}

// TestFieldOfFile: a bad value of a config file is named with the file and the line.
func TestFieldOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.conf")
	if err := os.WriteFile(path, []byte("arch = ratplus\n\n[stage]\ntokens = two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := runCommand(t, "train", "--config", path)
	if want := "kvscope train: --config " + path + ": line 4: tokens: "; status != 2 || !strings.HasPrefix(stderr, want) {
		t.Errorf("status %d, %q, want 2 and %q", status, stderr, want)
	}
}

// TestLyingFile: a broken file is a failure with its name, not a crash.
func TestLyingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "broken.safetensors")
	if err := os.WriteFile(path, []byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"select", "--method", "quest", "--in", path, "--out", path + ".out"},
		{"ask", "--model", path},
		{"dump", "--model", path, "--ids", "1", "--out", path + ".out"},
	} {
		status, _, stderr := runCommand(t, args...)
		if status != 1 || !strings.Contains(stderr, "broken.safetensors") {
			t.Errorf("%v: %d %q", args, status, stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	_, stdout, _ := runCommand(t, "version", "--json")
	var v map[string]any
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "revision", "go", "kernels", "cpu"} {
		if v[key] == nil {
			t.Errorf("no %s in %s", key, stdout)
		}
	}
}

// TestAsk answers with both demo models; the answer must be right where dense
// attention reads everything.
func TestAsk(t *testing.T) {
	for _, model := range []string{"attention", "ratplus"} {
		status, stdout, stderr := runCommand(t, "ask", "--model", model, "--task", "S-2", "--context", "256", "--seed", "1", "--json")
		if status != 0 || stderr != "" {
			t.Fatalf("%s: %d %s", model, status, stderr)
		}
		var r figures.Result
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err)
		}
		if r.Score == nil || *r.Score != 1 || r.ReadFraction != 1 || len(r.Heads) != 24 || r.PromptTokens > 256 {
			t.Errorf("%s: %+v", model, r)
		}
		for _, h := range r.Heads {
			if !h.Hit || h.Recall != 1 {
				t.Errorf("%s: dense attention missed: %+v", model, h)
			}
		}
	}
}

// TestAskText asks for a needle in a text of one's own, planted and found.
func TestAskText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	text := "The river ran past the old mill. One of the special magic numbers for brave-lantern is: 4821937. Nobody saw it."
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, args := range map[string][]string{
		"4821937": {"ask", "--text", path, "--question", "brave-lantern", "--json"},
		"7654321": {"ask", "--text", path, "--key", "quiet-harbor", "--value", "7654321", "--json"},
	} {
		status, stdout, stderr := runCommand(t, args...)
		if status != 0 {
			t.Fatalf("%v: %s", args, stderr)
		}
		var r figures.Result
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Expected, []string{value}) || r.Answer == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// TestAskSeveral asks for each needle of a task from one compressed cache: one answer each.
func TestAskSeveral(t *testing.T) {
	args := []string{"ask", "--task", "MQ", "--context", "256", "--seed", "1", "--method", "knorm", "--budget", "1/2", "--evict", "before", "--questions", "*"}
	status, stdout, stderr := runCommand(t, append(args, "--json")...)
	var all figures.Answers
	if err := json.Unmarshal([]byte(stdout), &all); status != 0 || stderr != "" || err != nil {
		t.Fatalf("%d %s: %v", status, stderr, err)
	}
	if len(all.Questions) != 4 || all.Built != 1 || !all.Same || all.Compressed == nil || len(all.Compressed.Kept) != 24 {
		t.Errorf("%d answers of %+v", len(all.Questions), all.Compressed)
	}
	status, stdout, stderr = runCommand(t, args...)
	if status != 0 || !strings.Contains(stdout, all.Evidence()) {
		t.Errorf("%d %s: no %q in\n%s", status, stderr, all.Evidence(), stdout)
	}
	for _, q := range all.Questions {
		if len(q.Expected) != 1 || q.Score == nil || q.Compressed.Hash != all.Compressed.Hash || !strings.Contains(stdout, "question  "+q.Key) {
			t.Errorf("%s: %+v", q.Key, q.Result)
		}
	}
}

// TestSelect runs the command on a dump in a public code's form.
func TestSelect(t *testing.T) {
	in := filepath.Join("..", "..", "..", "engine", "sparse", "testdata", "quest_S250_B16_T64.safetensors")
	out := filepath.Join(t.TempDir(), "out.safetensors")
	status, stdout, stderr := runCommand(t, "select", "--method", "quest", "--in", in, "--out", out, "--public-code", "--json")
	if status != 0 {
		t.Fatal(stderr)
	}
	var printed struct {
		Selected [][]int `json:"selected"`
		Fraction float64 `json:"kv_read_fraction"`
	}
	if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
		t.Fatal(err)
	}
	want, got := open(t, in), open(t, out)
	a, b := bytesOf(t, want, "selected"), bytesOf(t, got, "selected")
	if !bytes.Equal(a, b) {
		t.Error("the file's selection is not the public code's")
	}
	for h, positions := range printed.Selected {
		for i := range 250 {
			if slices.Contains(positions, i) != (a[h*250+i] == 1) {
				t.Fatalf("head %d position %d: printed and written selections differ", h, i)
			}
		}
	}
	if printed.Fraction <= 0 || printed.Fraction > 0.3 {
		t.Errorf("read fraction %g", printed.Fraction)
	}
}

// TestDump writes what dump promises.
func TestDump(t *testing.T) {
	out := filepath.Join(t.TempDir(), "dump.safetensors")
	status, stdout, stderr := runCommand(t, "dump", "--model", "ratplus", "--ids", "5,6,7", "--out", out, "--json")
	if status != 0 {
		t.Fatal(stderr)
	}
	f := open(t, out)
	for _, name := range []string{"logits", "layers.0.q", "layers.0.k", "layers.5.k_mem", "layers.5.v_mem", "layers.5.gate", "layers.5.attn_out"} {
		tensor, err := f.Tensor(name)
		if err != nil || tensor.Shape[0] != 3 {
			t.Errorf("%s: %v %v", name, tensor.Shape, err)
		}
		if !strings.Contains(stdout, `"`+name+`"`) {
			t.Errorf("%s is not in %s", name, stdout)
		}
	}
}

func open(t *testing.T, path string) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func bytesOf(t *testing.T, f *checkpoint.File, name string) []byte {
	t.Helper()
	tensor, err := f.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	return tensor.Data
}

// TestQuantize: a model in fewer bits is smaller, answers what the whole one does,
// and is close to it without being it.
func TestQuantize(t *testing.T) {
	dump := func(model string) []float32 {
		t.Helper()
		out := filepath.Join(t.TempDir(), "dump.safetensors")
		if status, _, stderr := runCommand(t, "dump", "--model", model, "--ids", "5,6,7,8", "--out", out); status != 0 {
			t.Fatal(stderr)
		}
		logits, err := open(t, out).Float32("logits")
		if err != nil {
			t.Fatal(err)
		}
		return logits
	}
	whole := dump("ratplus")
	for form, most := range map[string]int64{"bf16": 3_300_000, "int8": 1_700_000} {
		file := filepath.Join(t.TempDir(), "small.safetensors")
		if status, _, stderr := runCommand(t, "quantize", "--model", "ratplus", "--form", form, "--out", file); status != 0 {
			t.Fatal(stderr)
		}
		if info, err := os.Stat(file); err != nil || info.Size() > most {
			t.Errorf("%s: %v, want at most %d bytes (%v)", form, info.Size(), most, err)
		}
		var square, off float64
		for i, v := range dump(file) {
			square += float64(whole[i]) * float64(whole[i])
			off += float64(v-whole[i]) * float64(v-whole[i])
		}
		if ratio := math.Sqrt(off / square); ratio == 0 || ratio > 0.05 {
			t.Errorf("%s: logits are off by %.2g of their size", form, ratio)
		}
		status, stdout, stderr := runCommand(t, "ask", "--model", file, "--task", "S-2", "--seed", "3", "--context", "256", "--method", "quest", "--budget", "1/4", "--json")
		if status != 0 || !strings.Contains(stdout, `"score":1`) {
			t.Errorf("%s: %s %s", form, stdout, stderr)
		}
	}
	for _, args := range [][]string{
		{"--out", "x"}, {"--model", "ratplus"}, {"--model", "ratplus", "--form", "int4", "--out", "x"}, {"--model", "nobody", "--out", "x"},
	} {
		if status, _, stderr := runCommand(t, append([]string{"quantize"}, args...)...); status != 2 {
			t.Errorf("%v: status %d, %q", args, status, stderr)
		}
	}
}

// TestAskOwnText asks for what texts of one's own have, and for what they have not.
func TestAskOwnText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text.txt")
	text := strings.Repeat("The grass is green. ", 9) + "One of the special magic words for brave\nlantern is: sunny-day. The sky is blue."
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key, expected, note string
		scored              bool
	}{
		{"brave lantern", "sunny-day", "", true},
		{"other", "", "the text has no needle for other; it has brave lantern", false},
	} {
		status, stdout, stderr := runCommand(t, "ask", "--text", path, "--question", c.key, "--json")
		var r figures.Result
		if err := json.Unmarshal([]byte(stdout), &r); status != 0 || err != nil {
			t.Fatal(status, err, stderr)
		}
		if strings.Join(r.Expected, ",") != c.expected || r.Note != c.note || (r.Score != nil) != c.scored {
			t.Errorf("%s: expected %q, note %q, score %v", c.key, r.Expected, r.Note, r.Score)
		}
	}
	status, _, stderr := runCommand(t, "ask", "--text", path, "--key", "k", "--value", "v", "--depth", "0.5x")
	if status != 2 || !strings.Contains(stderr, "depth") {
		t.Errorf("depth 0.5x: status %d, %q", status, stderr)
	}
}

// TestAskTellsKinds: a run says how many heads are of each kind, and nothing where that is
// not known.
func TestAskTellsKinds(t *testing.T) {
	heads := []trace.Hit{{Kind: figures.KindSink}, {Kind: figures.KindRetrieval}, {Kind: figures.KindSink}}
	for want, known := range map[string][]trace.Hit{"kinds     1 retrieval, 2 sink, by": heads, "": {{}, {}}} {
		var out strings.Builder
		describe(&out, figures.Result{Answer: "7", Expected: []string{"7"}, Score: new(1.0), Heads: known})
		if got := strings.Contains(out.String(), "kinds "); got != (want != "") || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %s", known, out.String())
		}
	}
}

// TestAskOnPrompt: a free prompt has a perplexity under what reads it, whether or not the model
// goes on after it.
func TestAskOnPrompt(t *testing.T) {
	args := []string{"ask", "--prompt", "The river ran past the old mill and the old mill stood still.", "--max-new", "2"}
	said := map[string]string{}
	for name, more := range map[string][]string{"dense": {"--method", "dense"}, "sparse": {"--method", "quest", "--budget", "1/2", "--block", "4", "--sparse-from", "context"}} {
		status, stdout, stderr := runCommand(t, append(args, more...)...)
		_, after, ok := strings.Cut(stdout, "perplexity ")
		if status != 0 || !ok || !strings.Contains(stdout, "goes on   ") || strings.Contains(stdout, "selected the needle") {
			t.Fatalf("%s: status %d, %s%s", name, status, stdout, stderr)
		}
		said[name], _, _ = strings.Cut(after, " ")
	}
	if said["dense"] == said["sparse"] {
		t.Errorf("perplexity %s under either", said["dense"])
	}
}
