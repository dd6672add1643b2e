package dist

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrNotBuilt says that this binary was compiled before the browser program was.
var ErrNotBuilt = errors.New("the browser program is not part of this binary; run `make build`")

// The README keeps the folder in a fresh checkout, where there is nothing else.
//
//go:embed all:files
var files embed.FS

// Names of the files in files/.
const (
	BrotliFile = "app.wasm.br"
	GzipFile   = "app.wasm.gz"
	BootFile   = "wasm_exec.js"
	InfoFile   = "info.json"

	WidgetFile       = "widget.wasm.gz"
	WidgetBrotliFile = "widget.wasm.br"
	ElementFile      = "widget.js"
)

// Info describes a program to the hosts that serve it; the packer writes it.
type Info struct {
	Hash string `json:"hash"` // of the WebAssembly, in hexadecimal
	Size int    `json:"size"` // of the WebAssembly before compression, in bytes
}

// Program is the browser program. The zero value is none.
type Program struct {
	Info
	Brotli []byte // the WebAssembly, compressed
	Gzip   []byte // the same
	Boot   []byte // the toolchain's wasm_exec.js, then ours

	Widget       []byte // the WebAssembly of the widget, as gzip
	WidgetBrotli []byte // the same, a quarter smaller, for hosts that say how it is packed
	Element      []byte // the script of the widget
}

// Load returns the embedded program, or ErrNotBuilt.
func Load() (Program, error) {
	root, err := fs.Sub(files, "files")
	if err != nil {
		return Program{}, fmt.Errorf("load browser program: %w", err)
	}
	return load(root)
}

func load(root fs.FS) (Program, error) {
	var p Program
	info, err := fs.ReadFile(root, InfoFile)
	if errors.Is(err, fs.ErrNotExist) {
		return p, ErrNotBuilt
	}
	if err == nil {
		err = json.Unmarshal(info, &p.Info)
	}
	if err == nil && (p.Hash == "" || strings.Trim(p.Hash, "0123456789abcdef") != "" || p.Size < 1) {
		err = fmt.Errorf("%s: hash %q, size %d", InfoFile, p.Hash, p.Size)
	}
	for _, f := range []struct {
		name string
		to   *[]byte
	}{{BrotliFile, &p.Brotli}, {GzipFile, &p.Gzip}, {BootFile, &p.Boot}, {WidgetFile, &p.Widget}, {WidgetBrotliFile, &p.WidgetBrotli}, {ElementFile, &p.Element}} {
		if err == nil {
			*f.to, err = fs.ReadFile(root, f.name)
		}
	}
	if err != nil {
		return Program{}, fmt.Errorf("load browser program: %w; run `make build` again", err)
	}
	return p, nil
}
