package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"

	"kvscope/assets"
	"kvscope/assets/dist"
	"kvscope/viz/number"
	"kvscope/web/runview"
)

// brotliLevel makes the program a seventh smaller than level 9, in a minute; level 10 takes
// three quarters of that and leaves a twentieth more.
const brotliLevel = 11

// brotliWindow is the widest that browsers unpack, and holds the whole program.
const brotliWindow = 24

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// run packs both programs. By itself it finds all but these in the project's folder.
func run(args []string) error {
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	wasm := fs.String("wasm", "app.wasm", "compiled program")
	widget := fs.String("widget", "widget.wasm", "compiled program of the widget")
	element := fs.String("element", "web/cmd/widget/element.js", "the widget's script")
	runtime := fs.String("runtime", "", "the toolchain's wasm_exec.js; that of the go command")
	boot := fs.String("boot", "wasm_exec.js", "our wasm_exec.js")
	out := fs.String("out", "assets/dist/files", "folder to write")
	level := fs.Int("level", brotliLevel, "of brotli, 0 to 11")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *runtime == "" {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("ask go for its folder: %w", err)
		}
		*runtime = filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
	}
	beside := make(chan error, 1)
	go func() { beside <- packWidget(*widget, *runtime, *element, *out, *level) }()
	info, err := pack(*wasm, *runtime, *boot, *out, *level)
	if err = errors.Join(err, <-beside); err != nil {
		return err
	}
	// The info comes last: with it there, all is there.
	return os.WriteFile(filepath.Join(*out, dist.InfoFile), info, 0o644)
}

// pack packs the browser program and joins the toolchain's script and ours. It returns what is
// to be known of the program.
func pack(wasm, runtime, boot, out string, level int) (info []byte, err error) {
	files, err := readFiles(wasm, runtime, boot)
	if err != nil {
		return nil, err
	}
	program, first, second := files[0], files[1], files[2]
	br, err := compress(program, toBrotli(level))
	if err != nil {
		return nil, fmt.Errorf("brotli: %w", err)
	}
	gz, err := compress(program, toGzip)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{dist.BrotliFile, br},
		{dist.GzipFile, gz},
		{dist.BootFile, bytes.Join([][]byte{first, second}, []byte("\n"))},
	} {
		if err := os.WriteFile(filepath.Join(out, f.name), f.data, 0o644); err != nil {
			return nil, err
		}
	}
	fmt.Printf("browser program: %s, %s brotli, %s gzip\n", number.Bytes(len(program)), number.Bytes(len(br)), number.Bytes(len(gz)))
	sum := sha256.Sum256(program)
	return json.Marshal(dist.Info{Hash: hex.EncodeToString(sum[:8]), Size: len(program)})
}

// readFiles reads files whole.
func readFiles(paths ...string) ([][]byte, error) {
	out := make([][]byte, len(paths))
	for i, path := range paths {
		var err error
		if out[i], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// packWidget packs the program that shows one run, and joins the toolchain's script, the
// style sheet and the script that defines the element.
func packWidget(wasm, runtime, element, out string, level int) error {
	files, err := readFiles(wasm, runtime, element)
	if err != nil {
		return err
	}
	program, first, last := files[0], files[1], files[2]
	colours, err := assets.ColourSheet()
	if err != nil {
		return err
	}
	styles, err := json.Marshal(runview.StyleSheet(string(colours)))
	if err != nil {
		return err
	}
	gz, err := compress(program, toGzip)
	if err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	br, err := compress(program, toBrotli(level))
	if err != nil {
		return fmt.Errorf("brotli: %w", err)
	}
	script := bytes.Join([][]byte{first, fmt.Appendf(nil, "globalThis.kvscopeRunStyles = %s;", styles), last}, []byte("\n"))
	for name, data := range map[string][]byte{dist.WidgetFile: gz, dist.WidgetBrotliFile: br, dist.ElementFile: script} {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("widget: %s, %s brotli, %s gzip\n", number.Bytes(len(program)), number.Bytes(len(br)), number.Bytes(len(gz)))
	return nil
}

func toBrotli(level int) func(io.Writer) (io.WriteCloser, error) {
	return func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: level, LGWin: brotliWindow}), nil
	}
}

func toGzip(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) }

func compress(data []byte, writer func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var b bytes.Buffer
	w, err := writer(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
