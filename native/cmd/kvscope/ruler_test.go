package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/niah"
	"kvscope/engine/runfile"
)

// texts are own texts as people have them, and a file of RULER's.
const texts = "../../../engine/niah/testdata/own"

// askJSON is the result of ask --json.
func askJSON(t *testing.T, args ...string) figures.Result {
	t.Helper()
	status, stdout, stderr := runCommand(t, append([]string{"ask", "--json"}, args...)...)
	var r figures.Result
	if err := json.Unmarshal([]byte(stdout), &r); status != 0 || err != nil {
		t.Fatalf("%v: %d, %v, %s", args, status, err, stderr)
	}
	return r
}

// TestTextsThatPeopleHave asks for the needles of each, wherever lines break, whatever
// they are of, and for one that is not there.
func TestTextsThatPeopleHave(t *testing.T) {
	for _, c := range []struct{ file, key, expected, note string }{
		{"has_needle.txt", "brave-lantern", "1234567", ""},
		{"has_needle.txt", "other", "", "the text has no needle for other; it has brave-lantern"},
		{"key_wrapped.txt", "brave lantern", "1234567", ""},
		{"ruler_words.txt", "brave-lantern", "sunny-day", ""},
	} {
		r := askJSON(t, "--text", filepath.Join(texts, c.file), "--question", c.key)
		if strings.Join(r.Expected, ",") != c.expected || r.Note != c.note || (r.Score == nil) != (c.expected == "") {
			t.Errorf("%s, %s: expected %q, note %q, score %v", c.file, c.key, r.Expected, r.Note, r.Score)
		}
	}
}

// TestNeedleAtItsDepth: a text without blanks has its needle where it was asked for, in
// tokens too.
func TestNeedleAtItsDepth(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run.safetensors")
	status, _, stderr := runCommand(t, "trace", "--light", "--out", out, "--text", filepath.Join(texts, "cjk.txt"), "--key", "k", "--value", "v", "--depth", "0.5")
	if status != 0 {
		t.Fatal(stderr)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	f, err := runfile.Read(content)
	if err != nil {
		t.Fatal(err)
	}
	h := f.Run.Header
	if at := float64(h.Needles[0].Span[0]) / float64(len(h.Tokens)); at < 0.45 || at > 0.55 {
		t.Errorf("the needle is at %.3f of the prompt, want 0.45 to 0.55", at)
	}
}

// TestTextThatDoesNotFit is said with numbers, whether it is cut or refused.
func TestTextThatDoesNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("The grass is green. The sky is blue. ", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := askJSON(t, "--text", path, "--key", "k", "--value", "7", "--context", "200")
	if c := r.Cut; c == nil || c.Tokens != 300*10 || c.Kept >= r.PromptTokens || c.Kept < r.PromptTokens-100 {
		t.Errorf("cut %+v of a prompt of %d", c, r.PromptTokens)
	}
	_, stdout, _ := runCommand(t, "ask", "--text", path, "--key", "k", "--value", "7", "--context", "200")
	if !strings.Contains(stdout, "text      has 3\u202f000 tokens, the first ") {
		t.Errorf("said %q", stdout)
	}
	status, _, stderr := runCommand(t, "ask", "--text", path, "--question", "k")
	if status != 2 || !strings.Contains(stderr, "--text: makes a prompt of 30") || !strings.Contains(stderr, "want at most 1024 with its answer") {
		t.Errorf("%d, %q", status, stderr)
	}
	if r := askJSON(t, "--text", filepath.Join(texts, "has_needle.txt"), "--key", "k", "--value", "7"); r.Cut != nil {
		t.Errorf("a text that fits is cut: %+v", r.Cut)
	}
}

// TestRULERFiles are answered as they are by ask, trace and eval: their inputs, prefixes
// and outputs.
func TestRULERFiles(t *testing.T) {
	one := filepath.Join(texts, "validation.jsonl")
	for _, flag := range []string{"--text", "--task"} {
		r := askJSON(t, flag, one, "--model", "attention", "--method", "quest", "--budget", "1/2")
		if r.Task != "ruler" || !slices.Equal(r.Expected, []string{"1234567"}) || r.Score == nil || *r.Score != 1 || r.Note != "" {
			t.Errorf("%s: %+v", flag, r)
		}
	}
	// Several examples: the seed counts them, and a grid measures each.
	dir := t.TempDir()
	several := filepath.Join(dir, "several.jsonl")
	line := func(value, output string) string {
		return niah.RULERExample{
			Input: "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number afterwards.\n" +
				"The grass is green. One of the special magic numbers for brave-lantern is: " + value + ". The sky is blue.\n" +
				"What is the special magic number for brave-lantern mentioned in the provided text?",
			AnswerPrefix: " The special magic number for brave-lantern mentioned in the provided text is", Outputs: []string{output},
		}.Line() + "\n"
	}
	if err := os.WriteFile(several, []byte(line("1234567", "1234567")+line("7654321", "7654321")+"\n"+line("1234567", "not there")), 0o600); err != nil {
		t.Fatal(err)
	}
	for seed, want := range map[string]string{"1": "1234567", "2": "7654321", "3": "not there"} {
		if r := askJSON(t, "--text", several, "--seed", seed, "--model", "attention"); !slices.Equal(r.Expected, []string{want}) {
			t.Errorf("example %s expects %v, want %s", seed, r.Expected, want)
		}
	}
	status, stdout, stderr := runCommand(t, "eval", "--tasks", several+",S-1", "--models", "attention", "--methods", "dense,quest", "--budgets", "1/2", "--examples", "4", "--hits", "--json")
	var out evaluation
	if err := json.Unmarshal([]byte(stdout), &out); status != 0 || err != nil {
		t.Fatal(status, err, stderr)
	}
	if len(out.Rows) != 4 || len(out.Failed) != 0 {
		t.Fatalf("%+v", out)
	}
	for _, r := range out.Rows {
		file := strings.HasPrefix(r.Task, "several.jsonl@")
		if file && (r.Examples != 3 || r.Accuracy < 0.66 || r.Accuracy > 0.67) || !file && (r.Task != "S-1" || r.Examples != 4) {
			t.Errorf("%s with %s: %d examples, accuracy %g", r.Task, r.Method, r.Examples, r.Accuracy)
		}
	}
	// One that does not fit fails alone, with its numbers.
	status, stdout, stderr = runCommand(t, "eval", "--tasks", one+",S-1", "--models", "attention", "--context", "256", "--examples", "1", "--json")
	if err := json.Unmarshal([]byte(stdout), &out); status != 0 || err != nil || len(out.Failed) != 1 || len(out.Rows) != 1 {
		t.Fatal(status, err, stderr, out.Failed)
	}
	if !strings.Contains(out.Failed[0].Error, "makes a prompt of 526 tokens, want at most 256 with its answer") {
		t.Errorf("failed with %q", out.Failed[0].Error)
	}

	bad := filepath.Join(dir, "bad.jsonl")
	if err := os.WriteFile(bad, []byte(line("1", "1")+`{"input": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"ask", "--text", bad}, "ruler: line 2: field outputs is missing"},
		{[]string{"eval", "--tasks", bad}, "--tasks: " + bad + ": ruler: line 2: field outputs is missing"},
		{[]string{"eval", "--tasks", filepath.Join(dir, "none.jsonl")}, "--tasks: open"},
		{[]string{"ask", "--text", several, "--seed", "4"}, "--seed: 4, want 1 to 3, the examples of the file"},
		{[]string{"ask", "--text", several, "--seed", "0"}, "--seed: 0, want 1 to 3"},
		{[]string{"eval", "--tasks", one, "--models", "attention", "--context", "256", "--examples", "1"}, "--tasks: makes a prompt of 526 tokens, want at most 256"},
		{[]string{"ask", "--task", one, "--model", "attention", "--context", "256"}, "--task: makes a prompt of 526 tokens"},
		{[]string{"ask", "--task", bad}, "--task: " + bad + ": ruler: line 2"},
		{[]string{"ask", "--task", filepath.Join(dir, "none.jsonl")}, "--task: open"},
		{[]string{"ask", "--text", one, "--model", "attention", "--context", "256"}, "--text: makes a prompt of 526 tokens"},
		{[]string{"ask", "--text", one, "--key", "k"}, "--key: is set, want none beside an example of RULER's"},
		{[]string{"ask", "--text", one, "--value", "7"}, "--value: is set"},
		{[]string{"ask", "--text", one, "--depth", "0.5"}, "--depth: is set"},
		{[]string{"ask", "--text", one, "--task", "S-1"}, "--task: "},
	} {
		if status, _, stderr := runCommand(t, c.args...); status != 2 || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: %d, %q, want one line with %q", c.args, status, stderr, c.want)
		}
	}
}
