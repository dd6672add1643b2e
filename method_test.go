package kvscope_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/sparse"
)

// hunk is a place of a diff: what stands there, "" in a new file, and what is to.
type hunk struct{ path, old, new string }

// diffOf reads the first diff in a text in Markdown, an indented block. Hunks have no line
// numbers, which every other method would change.
func diffOf(text string) ([]hunk, error) {
	_, block, found := strings.Cut(text, "\n    diff --git ")
	if !found {
		return nil, fmt.Errorf("there is no diff")
	}
	var out []hunk
	path := ""
	for line := range strings.SplitSeq(block, "\n") {
		line, indented := strings.CutPrefix(line, "    ")
		switch name, added := strings.CutPrefix(line, "+++ b/"); {
		case !indented && len(out) > 0:
			return out, nil
		case added:
			path = name
		case line == "":
			return nil, fmt.Errorf("an empty line in %s", path)
		case path == "" || strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "new file"):
		case strings.HasPrefix(line, "diff "):
			path = ""
		case strings.HasPrefix(line, "@@"):
			out = append(out, hunk{path: path})
		case line[0] == ' ':
			out[len(out)-1].old += line[1:] + "\n"
			out[len(out)-1].new += line[1:] + "\n"
		case line[0] == '-':
			out[len(out)-1].old += line[1:] + "\n"
		case line[0] == '+':
			out[len(out)-1].new += line[1:] + "\n"
		default:
			return nil, fmt.Errorf("line %q is no line of a diff", line)
		}
	}
	return out, nil
}

// shownMethod applies the diff of a method that CONTRIBUTING shows: files by their paths.
func shownMethod(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	hunks, err := diffOf(string(text))
	if err != nil {
		t.Fatalf("CONTRIBUTING.md: %v", err)
	}
	files := map[string]string{}
	for _, h := range hunks {
		now, changed := files[h.path]
		if file, err := os.ReadFile(filepath.FromSlash(h.path)); err == nil && !changed {
			now = string(file)
		}
		if h.old == "" && now == "" {
			files[h.path] = h.new
			continue
		}
		if h.old == "" || strings.Count(now, h.old) != 1 {
			t.Fatalf("CONTRIBUTING.md: %s has not once\n%s", h.path, h.old)
		}
		files[h.path] = strings.Replace(now, h.old, h.new, 1)
	}
	return files
}

// withMethod is a build with the method that CONTRIBUTING shows, and a test of the page's
// forms. It returns the overlay that the go command takes for it.
func withMethod(t *testing.T) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{
		filepath.Join(root, "web", "state", "minp_form_test.go"): filepath.Join(root, "testdata", "method", "form_test.go.txt"),
		filepath.Join(root, "web", "lab", "minp_grid_test.go"):   filepath.Join(root, "testdata", "method", "grid_test.go.txt"),
	}
	dir := t.TempDir()
	for path, text := range shownMethod(t) {
		file := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(path))] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// TestMethodsAreListed holds the table in docs/methods.md to the list of methods: it has those
// of papers, and what else it has is there.
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
		if row := m.ID + " " + strings.TrimPrefix(m.Paper, "arXiv:"); m.Paper != "" || slices.Contains(listed, row) {
			want = append(want, row)
		}
	}
	if !slices.Equal(listed, want) {
		t.Errorf("docs/methods.md lists %q, want %q", listed, want)
	}
}

// TestAddAMethod: a method with a parameter of its own is a file, its test and a line.
// Flags, help, JSON, errors, axes of experiments and the page's forms follow, and the tests of
// all methods and all fields have nothing to add.
func TestAddAMethod(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program with another method, which takes minutes: run without -short")
	}
	overlay := withMethod(t)
	command := func(name string, args ...string) (string, error) {
		out, err := exec.Command(name, args...).CombinedOutput()
		return string(out), err
	}
	if out, err := command("go", "test", "-overlay", overlay, "-run", "MinP|EveryMethod|Families|Budget|Params|Walk[RL]",
		"./engine/sparse/...", "./engine/run", "./native/server", "./web/state", "./web/lab"); err != nil {
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

// TestContributingShowsTheMethod: what CONTRIBUTING shows is the whole of it, which fits
// the files as they are: a line in the list, the method's file and its test.
func TestContributingShowsTheMethod(t *testing.T) {
	var paths []string
	for path, text := range shownMethod(t) {
		paths = append(paths, path)
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("%s is not as gofmt writes it: %v", path, err)
		}
	}
	slices.Sort(paths)
	if want := []string{"engine/sparse/methods.go", "engine/sparse/minp.go", "engine/sparse/minp_test.go"}; !slices.Equal(paths, want) {
		t.Errorf("the diff touches %v, want %v", paths, want)
	}
}
