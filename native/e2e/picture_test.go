package e2e

import (
	"flag"
	"io/fs"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
	"kvscope/native/browsertest"
	"kvscope/native/simd"
)

var update = flag.Bool("update", false, "take the pictures of docs/ anew")

// demoEngine holds the models that ship with the program.
func demoEngine(t *testing.T) *run.Engine {
	t.Helper()
	e := run.NewEngine(tokenizer.New(), simd.Best())
	names, err := fs.Glob(assets.Models(), "*.safetensors")
	if err != nil || len(names) == 0 {
		t.Fatalf("no models in assets/models: %v", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(assets.Models(), name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Add(strings.TrimSuffix(name, ".safetensors"), f.Metadata["note"], f); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// TestPicturesOfTheDocs takes the pictures that the documents show.
func TestPicturesOfTheDocs(t *testing.T) {
	if !*update {
		t.Skip("takes pictures only with -update")
	}
	s := httptest.NewServer(newServer(t, run.NewShelf(demoEngine(t), 1<<28)))
	t.Cleanup(s.Close)
	if err := os.MkdirAll("../../docs", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, scheme, query string }{
		{"explorer-light.png", "light", "?task=S-2"},
		{"explorer-dark.png", "dark", "?task=S-2&head=3.1"},
	} {
		d := &desk{t, browsertest.Open(t), nil, s.URL}
		d.do(
			chromedp.EmulateViewport(1600, 900),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}}),
			chromedp.Navigate(s.URL+"/"+c.query))
		d.finished("")
		var png []byte
		d.do(chromedp.Sleep(200e6), chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile("../../docs/"+c.file, png, 0o644); err != nil {
			t.Fatal(err)
		}
		d.quiet()
	}
}
