package kvscope_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writing are the folders whose files write quantities for people.
var writing = []string{
	"native/cmd", "native/publish", "native/server", "native/summary", "viz/report",
	"web/lab", "web/page", "web/runview", "web/state", "web/traces", "web/view", "web/widget",
}

// drawing are files that write numbers for a style sheet or a canvas.
var drawing = []string{"web/widget/mapdraw.go"}

// decimals matches a verb of a format that says how many digits a quantity has.
var decimals = regexp.MustCompile(`%[-+# 0-9]*\.[0-9]*[eEfFgG]`)

// TestNumbersInOnePlace: quantities are written by package number, so that one reads the same
// in a command, on the page and in a chart.
func TestNumbersInOnePlace(t *testing.T) {
	files := token.NewFileSet()
	eachFile(t, files, func(path string, f *ast.File) {
		path = filepath.ToSlash(path)
		if below(path, drawing...) || !below(path, writing...) {
			return
		}
		for _, text := range handWritten(f) {
			t.Errorf("%s: %q says how many digits a quantity has, which viz/number does", path, text)
		}
	})
}

// handWritten are the formats of a file that say how many digits a quantity has, but for those
// of styles.
func handWritten(f *ast.File) []string {
	var out []string
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if of, ok := n.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "Style" {
				ast.Inspect(of.X, visit)
				return false
			}
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if err == nil && decimals.MatchString(strings.ReplaceAll(text, "%%", "")) {
				out = append(out, text)
			}
		}
		return true
	}
	ast.Inspect(f, visit)
	return out
}

func TestHandWrittenFinds(t *testing.T) {
	const source = `package p
var a = fmt.Sprintf("%d of %s, 95%% .5f", 1, "b")
var b = fmt.Sprintf("%.1f%%", 1.0)
var c = app.Div().Text(fmt.Sprintf("%+6.2g", 1.0)).Style("width", fmt.Sprintf("%.3fpx", 1.0)).Body(app.P().Text("%.0f"))
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := handWritten(f)
	slices.Sort(got)
	if want := []string{"%+6.2g", "%.0f", "%.1f%%"}; !slices.Equal(got, want) {
		t.Errorf("written by hand: %q, want %q", got, want)
	}
}
