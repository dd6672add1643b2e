package kvscope_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/sparse"
)

// withMethod is a build in which testdata/method is a method of the program: its file,
// its test, its line in the list, and nothing else. It returns the overlay that the go
// command takes for it.
func withMethod(t *testing.T) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	list, err := os.ReadFile(at("engine", "sparse", "methods.go"))
	if err != nil {
		t.Fatal(err)
	}
	const last = "\t\toracleTokenMethod(),\n"
	if strings.Count(string(list), last) != 1 {
		t.Fatalf("methods.go has no line %q, after which the method is listed", last)
	}
	listed := filepath.Join(t.TempDir(), "methods.go")
	if err := os.WriteFile(listed, []byte(strings.Replace(string(list), last, last+"\t\tminPMethod(),\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{
		at("engine", "sparse", "methods.go"):     listed,
		at("engine", "sparse", "minp.go"):        at("testdata", "method", "minp.go.txt"),
		at("engine", "sparse", "minp_test.go"):   at("testdata", "method", "minp_test.go.txt"),
		at("web", "state", "minp_forms_test.go"): at("testdata", "method", "form_test.go.txt"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// TestMethodsAreListed holds the table in docs/methods.md to the list of methods.
func TestMethodsAreListed(t *testing.T) {
	text, err := os.ReadFile("docs/methods.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(text), "## ")
	var listed []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 3 && strings.HasPrefix(cells[1], " `") {
			listed = append(listed, strings.Trim(cells[1], " `")+" "+strings.TrimSpace(cells[2]))
		}
	}
	var want []string
	for _, m := range sparse.Methods() {
		want = append(want, m.ID+" "+strings.TrimPrefix(m.Paper, "arXiv:"))
	}
	if !slices.Equal(listed, want) {
		t.Errorf("docs/methods.md lists %q, want %q", listed, want)
	}
}

// TestAddAMethod: a method with a parameter of its own is a file, its test and a line.
// Flags, help, JSON, errors, axes of experiments and the page's forms follow.
func TestAddAMethod(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program with another method, which takes minutes: run without -short")
	}
	overlay := withMethod(t)
	command := func(name string, args ...string) (string, error) {
		out, err := exec.Command(name, args...).CombinedOutput()
		return string(out), err
	}
	if out, err := command("go", "test", "-overlay", overlay, "-run", "MinP|EveryMethod|Families", "./engine/sparse", "./web/state"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := filepath.Join(t.TempDir(), "kvscope")
	if out, err := command("go", "build", "-overlay", overlay, "-o", program, "./native/cmd/kvscope"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const help = "attention of a token that is read, as a share of the greatest; 0.1"
	for _, sub := range []string{"ask", "select", "eval"} {
		if out, _ := command(program, sub, "--help"); !strings.Contains(out, "-least") || !strings.Contains(out, help) {
			t.Errorf("%s --help lacks the flag or its help", sub)
		}
	}
	if out, err := command(program, "ask", "--method", "min-p", "--least", "2"); err == nil || !strings.Contains(out, "--least: 2, want a number above 0 and at most 1") {
		t.Errorf("--least 2: %v, %s", err, out)
	}
	out, err := exec.Command(program, "eval", "--models", "ratplus", "--methods", "min-p", "--least", "0.1,0.9", "--tasks", "S-1", "--examples", "1", "--context", "128", "--json").Output()
	var measured struct {
		Rows []struct {
			Method string
			Params map[string]any
			Read   float64 `json:"kv_read_fraction"`
		}
	}
	if err != nil || json.Unmarshal(out, &measured) != nil || len(measured.Rows) != 2 {
		t.Fatalf("%v, %s", err, out)
	}
	few, many := measured.Rows[1], measured.Rows[0]
	if many.Params["least"] != 0.1 || few.Params["least"] != 0.9 || !(few.Read < many.Read) || !(many.Read < 1) {
		t.Errorf("%+v", measured.Rows)
	}
}

// TestContributingShowsTheMethod: what CONTRIBUTING tells people to write is what
// TestAddAMethod builds.
func TestContributingShowsTheMethod(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join("testdata", "method", "minp.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Split(string(text), "\n")
	entry, _, _ := strings.Cut(string(file), "\n}\n")
	for _, line := range strings.Split(entry, "\n") {
		if line != "" && !slices.Contains(shown, "    +"+line) {
			t.Errorf("CONTRIBUTING.md lacks the line %q", line)
		}
	}
}
