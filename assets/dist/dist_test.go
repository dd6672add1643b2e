package dist

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"kvscope/engine/input/inputtest"
)

func TestLoad(t *testing.T) {
	whole := fstest.MapFS{
		InfoFile:   {Data: []byte(`{"hash":"ab","size":3}`)},
		BrotliFile: {Data: []byte("b")},
		GzipFile:   {Data: []byte("g")},
		BootFile:   {Data: []byte("js")},

		WidgetFile:       {Data: []byte("w")},
		WidgetBrotliFile: {Data: []byte("x")},
		ElementFile:      {Data: []byte("e")},
	}
	p, err := load(whole)
	if err != nil {
		t.Fatal(err)
	}
	if p.Hash != "ab" || p.Size != 3 || string(p.Brotli) != "b" || string(p.Gzip) != "g" || string(p.Boot) != "js" || string(p.Widget) != "w" || string(p.WidgetBrotli) != "x" || string(p.Element) != "e" {
		t.Errorf("loaded %+v", p)
	}
	if _, err := load(fstest.MapFS{"README": {}}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("nothing built: %v, want ErrNotBuilt", err)
	}
	delete(whole, GzipFile)
	if _, err := load(whole); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNotBuilt) {
		t.Errorf("half built: %v, want a missing file", err)
	}
}

// TestBrokenInfo breaks what the packer says of a program. What is left of it has a hash, and
// a size.
func TestBrokenInfo(t *testing.T) {
	files := fstest.MapFS{InfoFile: {}}
	for _, name := range []string{BrotliFile, GzipFile, BootFile, WidgetFile, WidgetBrotliFile, ElementFile} {
		files[name] = &fstest.MapFile{Data: []byte("x")}
	}
	inputtest.Broken(t, "info", []byte(`{"hash":"0a1b2c3d","size":15000000}`), 1<<20, 400, func(data []byte) error {
		files[InfoFile].Data = data
		p, err := load(files)
		if err == nil && (len(p.Hash) != 8 || p.Size < 1) {
			t.Errorf("%s is read as %+v", data, p.Info)
		}
		return err
	})
	for _, bad := range []string{`{}`, `{"hash":"ab","size":0}`, `{"hash":"../x","size":3}`, `{"hash":"ab","size":-3}`} {
		files[InfoFile].Data = []byte(bad)
		if _, err := load(files); err == nil || errors.Is(err, ErrNotBuilt) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestWidgetIsSmall holds the program that other people's pages fetch to a megabyte in brotli.
// What is looked at is gzip, a third larger, which does not depend on how long was packed.
func TestWidgetIsSmall(t *testing.T) {
	p, err := Load()
	if errors.Is(err, ErrNotBuilt) {
		t.Skip("there is no program yet: `make wasm` builds it")
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, most := len(p.Widget), 1_300_000; got > most {
		t.Errorf("the widget has %d bytes as gzip, want at most %d: what does it link that is new?", got, most)
	}
}
