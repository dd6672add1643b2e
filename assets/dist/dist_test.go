package dist

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
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
