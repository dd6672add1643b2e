package assets

import (
	"bytes"
	"image/png"
	"io/fs"
	"strings"
	"testing"
)

func TestStylesAreJoinedByName(t *testing.T) {
	all, err := Styles()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(css, "css/*.css")
	if err != nil || len(names) == 0 {
		t.Fatalf("style sheets %v, %v", names, err)
	}
	rest := string(all)
	for _, name := range names {
		sheet, err := css.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, string(sheet)+"\n"); !ok {
			t.Fatalf("%s is not where its name puts it", name)
		}
	}
	if rest != "" {
		t.Errorf("%d bytes of no style sheet", len(rest))
	}
}

// The page must not reach outside, whatever its style sheets and icons say.
func TestNothingPointsOutside(t *testing.T) {
	all, err := Styles()
	if err != nil {
		t.Fatal(err)
	}
	svg, err := fs.ReadFile(Icons(), "icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	// The one address is the name of the SVG language, which nobody fetches.
	svg = bytes.ReplaceAll(svg, []byte(`xmlns="http://www.w3.org/2000/svg"`), nil)
	for _, mark := range []string{"//", "@import"} {
		if i := bytes.Index(withoutComments(all), []byte(mark)); i >= 0 {
			t.Errorf("style sheets hold %q", mark)
		}
		if bytes.Contains(svg, []byte(mark)) {
			t.Errorf("icon holds %q", mark)
		}
	}
}

func withoutComments(sheet []byte) []byte {
	var out []byte
	for {
		before, rest, found := bytes.Cut(sheet, []byte("/*"))
		out = append(out, before...)
		if !found {
			return out
		}
		_, sheet, _ = bytes.Cut(rest, []byte("*/"))
	}
}

func TestIconsHaveTheirSizes(t *testing.T) {
	for name, size := range map[string]int{"icon-192.png": 192, "icon-512.png": 512} {
		data, err := fs.ReadFile(Icons(), name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b := img.Bounds(); b.Dx() != size || b.Dy() != size {
			t.Errorf("%s is %dx%d", name, b.Dx(), b.Dy())
		}
	}
}

// TestTomSawyer: the book is whole, plain text, a paragraph a line, and says nothing of
// who typed it.
func TestTomSawyer(t *testing.T) {
	text, err := TomSawyer()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "\"TOM!\"\n") || !strings.HasSuffix(text, "part of their lives at present.\n") {
		t.Errorf("begins with %q, ends with %q", text[:20], text[len(text)-40:])
	}
	if strings.Contains(text, "Gutenberg") || strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
		t.Error("the text has more than the book's own")
	}
	if lines := strings.Count(text, "\n"); lines < 1800 {
		t.Errorf("%d paragraphs", lines)
	}
}
