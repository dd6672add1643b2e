package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"

	"kvscope/assets/dist"
)

// The compression of the program: level 9 is a tenth larger and level 11 a twenty-fifth
// smaller in twice the time. The window is the widest that browsers unpack, and holds the
// whole program.
const (
	brotliLevel  = 10
	brotliWindow = 24
)

func main() {
	wasm := flag.String("wasm", "", "compiled program")
	runtime := flag.String("runtime", "", "the toolchain's wasm_exec.js")
	boot := flag.String("boot", "", "our wasm_exec.js")
	out := flag.String("out", "", "folder to write")
	flag.Parse()
	if err := pack(*wasm, *runtime, *boot, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(wasm, runtime, boot, out string) error {
	program, err := os.ReadFile(wasm)
	if err != nil {
		return err
	}
	first, err := os.ReadFile(runtime)
	if err != nil {
		return err
	}
	second, err := os.ReadFile(boot)
	if err != nil {
		return err
	}
	br, err := compress(program, func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotliLevel, LGWin: brotliWindow}), nil
	})
	if err != nil {
		return fmt.Errorf("brotli: %w", err)
	}
	gz, err := compress(program, func(w io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(w, gzip.DefaultCompression)
	})
	if err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	sum := sha256.Sum256(program)
	info, err := json.Marshal(dist.Info{Hash: hex.EncodeToString(sum[:8]), Size: len(program)})
	if err != nil {
		return err
	}
	// The info comes last: with it there, all is there.
	for _, f := range []struct {
		name string
		data []byte
	}{
		{dist.BrotliFile, br},
		{dist.GzipFile, gz},
		{dist.BootFile, bytes.Join([][]byte{first, second}, []byte("\n"))},
		{dist.InfoFile, info},
	} {
		if err := os.WriteFile(filepath.Join(out, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("browser program: %.1f MB, %.2f MB brotli, %.2f MB gzip\n", mega(program), mega(br), mega(gz))
	return nil
}

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

func mega(b []byte) float64 { return float64(len(b)) / 1e6 }
