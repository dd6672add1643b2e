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

// drawing are files that write coordinates and opacities of a picture, for a canvas or in SVG.
var drawing = []string{"viz/chart/svg.go", "viz/plot/svg.go", "web/widget/mapdraw.go"}

// writing is the one place, and what says by how much a kernel is off in a test.
var writing = []string{"viz/number", "engine/ops/opstest"}

// decimals matches a verb of a format that says how many digits a quantity has.
var decimals = regexp.MustCompile(`%[-+# 0-9]*\.[0-9]*[eEfFgG]`)

// TestNumbersInOnePlace: quantities are rounded for people by package number, so that one reads
// the same in a command, on the page and in a chart. What the engine says of a number is all of
// it, as it was found.
func TestNumbersInOnePlace(t *testing.T) {
	files := token.NewFileSet()
	eachFile(t, files, func(path string, f *ast.File) {
		path = filepath.ToSlash(path)
		if below(path, drawing...) || below(path, writing...) {
			return
		}
		for _, text := range handWritten(f) {
			t.Errorf("%s: %q says how many digits a quantity has, which viz/number does", path, text)
		}
	})
}

// handWritten are the formats of a file that say how many digits a quantity has, and the calls
// of strconv that do.
func handWritten(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if of, ok := n.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "FormatFloat" && len(n.Args) == 4 {
				if digits, ok := n.Args[2].(*ast.BasicLit); ok { // -1, for all of them, is an expression
					out = append(out, "FormatFloat to "+digits.Value)
				}
			}
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if err == nil && decimals.MatchString(strings.ReplaceAll(text, "%%", "")) {
				out = append(out, text)
			}
		}
		return true
	})
	return out
}

func TestHandWrittenFinds(t *testing.T) {
	const source = `package p
var a = fmt.Sprintf("%d of %s, 95%% .5f", 1, "b")
var b = fmt.Sprintf("%.1f%%", 1.0)
var c = app.Div().Text(fmt.Sprintf("%+6.2g", 1.0)).Body(app.P().Text("%.0f"))
var d = strconv.FormatFloat(1.0, 'f', 2, 64) + strconv.FormatFloat(1.0, 'g', -1, 64)
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := handWritten(f)
	slices.Sort(got)
	if want := []string{"%+6.2g", "%.0f", "%.1f%%", "FormatFloat to 2"}; !slices.Equal(got, want) {
		t.Errorf("written by hand: %q, want %q", got, want)
	}
}
