// Package kvscope_test holds the rules of ARCHITECTURE.md that a compiler does
// not: who may import whom, and that everything exported says what it is.
package kvscope_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const module = "kvscope"

// rule restricts what the shipped code of some packages reaches, however many
// imports away. Paths stand for themselves and everything below them; tests are
// free.
type rule struct {
	from   string   // below the module; "" is all of it
	except []string // packages of from that are free
	only   []string // what may be reached; "std" is the standard library
	never  []string // what may not
	reason string
}

var rules = []rule{
	{
		from: "engine", only: []string{"std", module + "/engine"},
		reason: "the engine is portable: the standard library and itself, natively and in the browser",
	},
	{
		from: "engine", never: []string{"net"},
		reason: "the engine knows no network: the server and the browser client carry its events",
	},
	{
		from: "engine/ops", only: []string{"std", module + "/engine/ops"},
		reason: "kernels are the lowest layer",
	},
	{
		from: "engine/trace", only: []string{"std", module + "/engine/trace"},
		reason: "the trace is events and their codec: what is reckoned from them and kept in files stands above it",
	},
	{
		from: "engine/sparse", never: []string{module + "/engine/model", module + "/engine/trace", module + "/engine/niah", module + "/engine/run"},
		reason: "a method sees one head's cache and nothing else: no model, no tracing, no task",
	},
	{
		from: "engine/niah", never: []string{module + "/engine/model"},
		reason: "a task is text and gold positions, whatever model reads it",
	},
	{
		from: "viz", never: []string{module + "/engine", module + "/web", module + "/native", "github.com/maxence-charriere/go-app"},
		reason: "pictures are made of numbers: viz is used by the page, the reports and the embeddable widget alike",
	},
	{
		from: "web/cmd/widget", never: []string{module + "/engine/model", module + "/engine/sparse", module + "/engine/lens", module + "/engine/tokenizer", "archive/zip", "crypto"},
		reason: "other people's pages fetch the widget: it reads the events of a run, and what reads models and their files doubles it",
	},
	{
		from: "web", never: []string{module + "/native"},
		reason: "the page runs in a browser, where nothing native exists",
	},
	{
		except: []string{module + "/native"}, never: []string{module + "/native"},
		reason: "native is the top: nothing but itself imports it",
	},
	{
		except: []string{module + "/assets", module + "/native"}, never: []string{module + "/assets"},
		reason: "assets weigh megabytes: only the native binary embeds them",
	},
}

// listed holds the fields that are read of `go list -json`.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	ImportMap  map[string]string
	Deps       []string
}

// below reports whether path is one of the roots or lies below one.
func below(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// list asks the go command for the packages of patterns and all they reach.
func list(t *testing.T, env []string, patterns ...string) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports,ImportMap,Deps"}, patterns...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, exit.Stderr)
		}
		t.Fatal(err)
	}
	packages := map[string]listed{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// chain is a shortest way of imports from one package to another.
func chain(packages map[string]listed, from, to string) []string {
	way := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var steps []string
			for ; at != ""; at = way[at] {
				steps = append(steps, at)
			}
			slices.Reverse(steps)
			return steps
		}
		p := packages[at]
		for _, next := range p.Imports {
			if mapped, ok := p.ImportMap[next]; ok {
				next = mapped
			}
			if _, seen := way[next]; !seen {
				way[next] = at
				queue = append(queue, next)
			}
		}
	}
	return []string{from, to}
}

// breaches lists the ways by which package p reaches something against r, without
// those that only go on from another.
func (r rule) breaches(packages map[string]listed, p listed) []string {
	bad := func(path string) bool {
		std := packages[path].Standard
		allowed := len(r.only) == 0 || below(path, r.only...) || std && slices.Contains(r.only, "std")
		return !allowed || below(path, r.never...)
	}
	var out []string
	for _, dep := range p.Deps {
		if !bad(dep) {
			continue
		}
		way := chain(packages, p.ImportPath, dep)
		if !slices.ContainsFunc(way[1:len(way)-1], bad) {
			out = append(out, strings.Join(way, " → "))
		}
	}
	return out
}

func TestImports(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	// The browser build has no native part, whose dependencies need not exist there.
	var portable []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "native" && !strings.HasPrefix(e.Name(), ".") {
			portable = append(portable, "./"+e.Name()+"/...")
		}
	}
	builds := map[string]map[string]listed{
		"native": list(t, nil, "./..."),
		"wasm":   list(t, []string{"GOOS=js", "GOARCH=wasm"}, portable...),
	}
	for _, r := range rules {
		name := r.from
		if name == "" {
			name = "all"
		}
		t.Run(name, func(t *testing.T) {
			matched := false
			for build, packages := range builds {
				for path, p := range packages {
					if !below(path, strings.TrimSuffix(module+"/"+r.from, "/")) || below(path, r.except...) {
						continue
					}
					matched = true
					for _, way := range r.breaches(packages, p) {
						t.Errorf("%s build: %s\n%s", build, way, r.reason)
					}
				}
			}
			if !matched {
				t.Skipf("there is no package below %s/%s yet: this runs as soon as there is one", module, r.from)
			}
		})
	}
}

// TestRulesBite feeds every rule a package that breaks it.
func TestRulesBite(t *testing.T) {
	for _, r := range rules {
		bad := slices.Concat(r.never, []string{"example.com/other"})[0]
		p := listed{ImportPath: module + "/" + r.from + "/x", Imports: []string{bad}, Deps: []string{bad}}
		packages := map[string]listed{p.ImportPath: p, bad: {ImportPath: bad}}
		if got := r.breaches(packages, p); len(got) != 1 || !strings.Contains(got[0], bad) {
			t.Errorf("rule for %q lets %s import %s: %q", r.from, p.ImportPath, bad, got)
		}
	}
}

// noTokenizer are packages that may reach the tokenizer, as what computes runs does,
// but do not ask it: a run says what its tokens read like, whatever model it is of.
var noTokenizer = []string{module + "/web/page", module + "/web/picture", module + "/web/state", module + "/web/widget"}

// TestPageBuildsNoTokenizer: what is shown of a token is what its run says.
func TestPageBuildsNoTokenizer(t *testing.T) {
	packages := list(t, nil, noTokenizer...)
	for _, path := range noTokenizer {
		p, ok := packages[path]
		if !ok {
			t.Errorf("there is no package %s", path)
		}
		if slices.Contains(p.Imports, module+"/engine/tokenizer") {
			t.Errorf("%s imports the tokenizer", path)
		}
	}
}

// eachFile parses the shipped code, file by file.
func eachFile(t *testing.T, files *token.FileSet, visit func(path string, f *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			skip := strings.HasPrefix(d.Name(), ".") && path != "." || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"
			if skip {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil {
			visit(path, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExitsOnlyInMain: a program ends where it began, and nothing runs before it does.
func TestExitsOnlyInMain(t *testing.T) {
	files := token.NewFileSet()
	eachFile(t, files, func(_ string, f *ast.File) {
		for _, at := range exits(f) {
			t.Errorf("%s: a program ends, or something of it begins, outside of main", files.Position(at))
		}
	})
}

// exits are the places of f, outside of a function main, that end the program, and the functions
// that run before it.
func exits(f *ast.File) []token.Pos {
	var out []token.Pos
	for _, decl := range f.Decls {
		d, isFunc := decl.(*ast.FuncDecl)
		switch {
		case isFunc && d.Recv == nil && d.Name.Name == "main":
			continue
		case isFunc && d.Recv == nil && d.Name.Name == "init":
			out = append(out, d.Pos())
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if of, ok := n.(*ast.SelectorExpr); ok {
				from, _ := of.X.(*ast.Ident)
				if from != nil && (from.Name == "os" && of.Sel.Name == "Exit" || from.Name == "log" && strings.HasPrefix(of.Sel.Name, "Fatal")) {
					out = append(out, of.Pos())
				}
			}
			return true
		})
	}
	return out
}

func TestExitsFinds(t *testing.T) {
	const source = `package main
func main() { os.Exit(1) }
func init() {}
func a() { os.Exit(2) }
var b = func() { log.Fatalf("") }
func (c) main() { log.Print("") }
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := exits(f); len(got) != 3 {
		t.Errorf("%d found, want init, os.Exit and log.Fatalf: %v", len(got), got)
	}
}

// TestDocumented holds every exported identifier to a doc comment. Generated files are as
// their generator leaves them.
func TestDocumented(t *testing.T) {
	files := token.NewFileSet()
	eachFile(t, files, func(_ string, f *ast.File) {
		if ast.IsGenerated(f) {
			return
		}
		for _, name := range undocumented(f) {
			t.Errorf("%s: %s has no doc comment", files.Position(name.Pos()), name.Name)
		}
	})
}

// TestPackagesShowAUse: every package says in its doc.go, and nowhere else, what it is and
// how it is used: a library by a call of something it has, a command by its own name.
func TestPackagesShowAUse(t *testing.T) {
	type pkg struct {
		name     string
		doc      string
		exported map[string]bool
	}
	packages := map[string]*pkg{}
	eachFile(t, token.NewFileSet(), func(path string, f *ast.File) {
		dir, file := filepath.Split(path)
		p := packages[dir]
		if p == nil {
			p = &pkg{name: f.Name.Name, exported: map[string]bool{}}
			packages[dir] = p
		}
		for _, name := range declared(f) {
			p.exported[name] = true
		}
		switch {
		case file == "doc.go":
			p.doc = f.Doc.Text()
		case f.Doc != nil:
			t.Errorf("%s: the comment on package %s belongs into doc.go", path, p.name)
		}
	})
	for dir, p := range packages {
		if !showsUse(p.doc, p.name, filepath.Base(dir), p.exported) {
			t.Errorf("%sdoc.go: want a comment with an indented line that uses the package", dir)
		}
	}
}

// declared lists the exported names of f that stand for themselves, without methods.
func declared(f *ast.File) []string {
	var out []string
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				out = append(out, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
					out = append(out, s.Name.Name)
				}
			}
		}
	}
	return out
}

// showsUse reports whether an indented line of a package's comment uses what it exports.
// A command, or a package that exports nothing, is named by a line that runs it or what
// is in it.
func showsUse(doc, name, folder string, exported map[string]bool) bool {
	for line := range strings.SplitSeq(doc, "\n") {
		code, indented := strings.CutPrefix(line, "\t")
		if !indented {
			continue
		}
		if name == "main" || len(exported) == 0 {
			if strings.Contains(code, folder) || name != "main" && strings.Contains(code, "run.") {
				return true
			}
			continue
		}
		for rest := code; ; {
			_, after, found := strings.Cut(rest, name+".")
			if !found {
				break
			}
			end := strings.IndexFunc(after, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if end < 0 {
				end = len(after)
			}
			if exported[after[:end]] {
				return true
			}
			rest = after
		}
	}
	return false
}

// TestShowsUse: a mention in the text is no use, and neither is a call of what is not there.
func TestShowsUse(t *testing.T) {
	for _, c := range []struct {
		doc, name string
		want      bool
	}{
		{"Package p does.\n\n\tx := p.New(1)\n", "p", true},
		{"Package p does.\n\n\tx := p.Gone(1)\n", "p", false},
		{"Package p does. See p.New.\n", "p", false},
		{"Command tool does.\n\n\ttool -x\n", "main", true},
		{"Command tool does.\n\n\tother -x\n", "main", false},
	} {
		if got := showsUse(c.doc, c.name, "tool", map[string]bool{"New": true}); got != c.want {
			t.Errorf("%q of %s: %v, want %v", c.doc, c.name, got, c.want)
		}
	}
}

// undocumented lists the exported identifiers that f declares without saying what
// they are. In a group of constants or variables, the group's comment will do.
func undocumented(f *ast.File) []*ast.Ident {
	var out []*ast.Ident
	note := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool { return d != nil }) {
			out = append(out, name)
		}
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || exportedReceiver(d.Recv.List[0].Type) {
				note(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					note(s.Name, d.Doc, s.Doc)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						note(name, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return out
}

// exportedReceiver reports whether a method of that receiver can be seen outside.
func exportedReceiver(t ast.Expr) bool {
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func TestUndocumentedFinds(t *testing.T) {
	const source = `package p
func A() {}
// B does.
func B() {}
func c() {}
type D struct{}
func (D) E() {}
func (*d[T]) F() {}
const G = 1
// In a group.
const (
	H = 1
)
var (
	I = 1 // a line
	J = 1
)
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, id := range undocumented(f) {
		names = append(names, id.Name)
	}
	if want := []string{"A", "D", "E", "G", "J"}; !slices.Equal(names, want) {
		t.Errorf("undocumented: %v, want %v", names, want)
	}
}
