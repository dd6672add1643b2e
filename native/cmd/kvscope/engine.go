package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kvscope/assets"
	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/native/simd"
)

// shipped opens the files that come with the program: models, and the book that tasks hide
// needles in. Tests that run commands by the thousand ship less.
var shipped = struct {
	models func() fs.FS
	book   func() (string, error)
}{assets.Models, assets.TomSawyer}

// demoEngine loads the models that ship with the program.
func demoEngine() (*run.Engine, error) {
	text, err := shipped.book()
	if err != nil {
		return nil, err
	}
	book, err := niah.NewBook("tom-sawyer", text)
	if err != nil {
		return nil, err
	}
	return run.Open(shipped.models(), simd.Best(), book)
}

// engineWith is demoEngine plus the model called name; see engineWithAll.
func engineWith(name, tokens string) (*run.Engine, error) {
	return engineWithAll("model", []string{name}, tokens)
}

// engineWithAll is demoEngine plus those of the models, which a flag names, that are paths,
// with the tokenizer in the file tokens, or where that is empty each with its own.
func engineWithAll(flag string, models []string, tokens string) (*run.Engine, error) {
	e, err := demoEngine()
	if err != nil {
		return nil, err
	}
	own := len(e.Models())
	for _, name := range models {
		if err := addModel(e, name, tokens); err != nil {
			return nil, blamed(flag, err)
		}
	}
	if tokens != "" && len(e.Models()) == own {
		return nil, input.Errorf("tokenizer", "%s has its own, want a model file or folder with it", strings.Join(models, ", "))
	}
	return e, nil
}

// addModel adds the model at path, a file or a folder with or without an adapter, under
// the path's own name, or a step of a demo model's training. A name that is neither is left to the engine to find.
func addModel(e *run.Engine, path, tokens string) error {
	found, err := openModel(e, path, path, tokens)
	if err == nil && !found {
		_, err = e.AddStep(path)
	}
	return err
}

// blameModel is an error of opening a model; what is wrong within its files is no flag.
func blameModel(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("model: %w", err)
}

// paths are the values of a flag that may be given several times.
type paths []string

// String lists the paths.
func (p *paths) String() string { return strings.Join(*p, ", ") }

// Set adds a path.
func (p *paths) Set(path string) error {
	*p = append(*p, path)
	return nil
}

// shortName is the name of the model at path on the page, with or without an adapter: the
// names of their files without extensions, or of folders, and a number where e has one
// of that name.
func shortName(e *run.Engine, path string) string {
	of, adapter, joined := splitAdapter(path)
	base := stem(of)
	if joined {
		base += run.AdapterJoint + stem(adapter)
	}
	name := base
	for n := 2; slices.ContainsFunc(e.Models(), func(m run.ModelInfo) bool { return m.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// stem is a name by the file at path without its extension, or by the folder.
func stem(path string) string {
	base := filepath.Base(filepath.Clean(path))
	if abs, err := filepath.Abs(path); err == nil {
		base = filepath.Base(abs)
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	return run.PlainName(base)
}
