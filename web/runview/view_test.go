package runview

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/trace"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
)

// file is a made-up run of a method as a file, changed before it is written.
func file(t testing.TB, method string, changes ...func(r *trace.Run)) []byte {
	t.Helper()
	_, content := sampletest.File(t, sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4}, changes...)
	return content
}

func view(t testing.TB, content []byte) *View {
	t.Helper()
	v, err := Read(content)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// part returns the HTML of one part of a view.
func part(t testing.TB, v *View, name string) string {
	t.Helper()
	parts, err := v.Parts(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(parts, func(p Part) bool { return p.Name == name })
	if at < 0 {
		t.Fatalf("there is no part %s", name)
	}
	return parts[at].HTML
}

// The grid has a cell for each block that could be picked, coloured as much as it was, and
// the prompt is there token by token.
func TestPartsAreTheRuns(t *testing.T) {
	for _, method := range []string{"quest", "moba", "snapkv"} {
		v := view(t, file(t, method))
		g := v.run.Grid(nil)
		cells := 0
		for _, share := range g.Share {
			if share >= 0 {
				cells++
			}
		}
		svg := part(t, v, "grid")
		if got := strings.Count(svg, `width="15" height="15" fill=`); got != cells {
			t.Errorf("%s: %d cells, want %d", method, got, cells)
		}
		if text := part(t, v, "summary"); !strings.Contains(text, v.run.Header.Asked()) {
			t.Errorf("%s: the summary lacks %q", method, v.run.Header.Asked())
		}
		text := part(t, v, "prompt")
		for _, piece := range picture.Pieces(v.run.Header)[:40] {
			if word := strings.TrimSpace(piece); !strings.Contains(text, word) {
				t.Errorf("%s: the prompt lacks %q", method, word)
			}
		}
		if got := strings.Count(part(t, v, "heads"), "<button"); got != 6 {
			t.Errorf("%s: %d heads, want 6", method, got)
		}
	}
}

// A head that is pressed is what grid and prompt are of, until it is pressed again.
func TestPress(t *testing.T) {
	v := view(t, file(t, "quest"))
	all := part(t, v, "grid")
	if !v.Press("head:1.2") || !strings.Contains(part(t, v, "grid"), "layer 1 head 2") || part(t, v, "grid") == all {
		t.Error("a pressed head is not what is shown")
	}
	heads := strings.Split(part(t, v, "heads"), "<button")
	for _, button := range heads[1:] {
		if pressed := strings.Contains(button, `aria-pressed="true"`); pressed != strings.Contains(button, `data-press="head:1.2"`) {
			t.Errorf("pressed is %v of %s", pressed, button)
		}
	}
	if !v.Press("head:1.2") || part(t, v, "grid") != all {
		t.Error("pressed again, it is not all heads")
	}
	before := part(t, v, "prompt")
	if !v.Press("line:2") || part(t, v, "prompt") == before || v.Press("line:2") {
		t.Error("another line is the same, or the same line another")
	}
	for _, none := range []string{"", "head", "head:9.0", "head:0.-1", "head:a.b", "line:99", "line:-1", "line:x", "other:1"} {
		if v.Press(none) {
			t.Errorf("%q did something", none)
		}
	}
}

// What stands in a file is text, whatever it looks like.
func TestTextIsText(t *testing.T) {
	const bad = `<script>alert("x")</script>`
	content := file(t, "quest", func(r *trace.Run) {
		r.Header.Title, r.Header.Model, r.Header.Question = bad, bad, bad
		r.Header.Pieces = nil
		r.Header.Tokens[3].Text = bad
		r.Steps[0].Token.Text = bad
	})
	page, err := Page(Program{Script: []byte("run()"), Code: []byte{1}}, content, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte("<script>alert")) {
		t.Error("text of the file is markup of the page")
	}
	if strings.Count(string(page), "&lt;script&gt;") < 3 {
		t.Error("text of the file is missing")
	}
}

// The page asks for nothing from outside.
func TestPageStandsAlone(t *testing.T) {
	page, err := Page(Program{Colours: ":root { --bg: #fff; }", Script: []byte("run()"), Code: []byte{1}}, file(t, "quest"), []string{"heads"})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), `xmlns="http://www.w3.org/2000/svg"`, "")
	for _, outside := range []string{"http:", "https:", "@import", `src="/`, "url("} {
		if strings.Contains(text, outside) {
			t.Errorf("the page holds %s", outside)
		}
	}
	if strings.Contains(text, `data-part="heads"`) || !strings.Contains(text, `hide="heads"`) {
		t.Error("the page has heads, or its program would draw them")
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := Read([]byte("x")); err == nil {
		t.Error("a file of one letter is a run")
	}
	if _, err := Read(file(t, "quest", func(r *trace.Run) { r.Selections = nil })); err == nil || !strings.Contains(err.Error(), "selected nothing") {
		t.Errorf("a run without selections: %v", err)
	}
}

func TestParseHide(t *testing.T) {
	if got, err := ParseHide(" prompt,,heads"); err != nil || !slices.Equal(got, []string{"prompt", "heads"}) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ParseHide("prompt,inspector"); err == nil || !strings.Contains(err.Error(), `"inspector" is no part`) {
		t.Errorf("a part that is not there: %v", err)
	}
}

// Whatever a page presses, what is shown can be drawn, and is what was shown where there
// was nothing to do. What has been drawn is not drawn again, which takes longer than all else.
func FuzzPress(f *testing.F) {
	first, drawn := view(f, file(f, "quest")), map[string]bool{}
	for _, press := range []string{"head:1.2", "line:3", "head:", "line:1.5", "x"} {
		f.Add(press)
	}
	f.Fuzz(func(t *testing.T, press string) {
		v := *first
		if !v.Press(press) {
			if v != *first {
				t.Errorf("%q does nothing, and looks at %s, line %d", press, v.lookedAt(), v.line)
			}
			return
		}
		at := fmt.Sprint(v.lookedAt(), v.line)
		if drawn[at] {
			return
		}
		if _, err := v.Parts(nil); err != nil {
			t.Error(err)
		}
		drawn[at] = true
	})
}
