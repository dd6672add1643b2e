package plot

import (
	"strings"
	"testing"
)

// TestColoursAreQuoted: the name of a colour, of which a file of a run may say a part, ends no
// attribute.
func TestColoursAreQuoted(t *testing.T) {
	const foreign = `"/><script>`
	var d drawing
	d.rect(0, 0, 1, 1, foreign)
	d.line(0, 0, 1, 1, foreign)
	d.text(0, 0, 11, "end", foreign, "text")
	if svg := d.close(); strings.Contains(svg, "<script") || strings.Count(svg, `="&#34;/&gt;&lt;script&gt;"`) != 3 {
		t.Errorf("a colour is written as %s", svg)
	}
}
