package widget

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/picture"
)

// manyOf is a grid of so many heads, whose recall falls from head to head.
func manyOf(layers, heads, group int) *picture.Heads {
	h := &picture.Heads{Layers: layers, Heads: heads, Group: group, Steps: 1}
	for i := range layers * heads {
		h.Cells = append(h.Cells, picture.HeadCell{Recall: 1 - float32(i)/float32(layers*heads), Mass: -1, Jaccard: -1})
	}
	return h
}

// TestGroupsStandTogether: heads that read one head of keys and values stand below its
// number, with a gap before the next group.
func TestGroupsStandTogether(t *testing.T) {
	html := app.HTMLString(&HeadGrid{ID: "0", Heads: manyOf(30, 9, 3), Metric: picture.Recall})
	if n := strings.Count(html, `class="group"`); n != 3 {
		t.Errorf("%d groups of 9 heads that read 3, want 3", n)
	}
	if !strings.Contains(html, "heads 3 to 5 read keys and values of head 1") {
		t.Error("a group does not say which heads are in it")
	}
	if n := len(regexp.MustCompile(`<button[^>]*class="[^"]*\bopens\b`).FindAllString(html, -1)); n != 2*30 {
		t.Errorf("%d heads open a group after another, want 60", n)
	}
	alone := app.HTMLString(&HeadGrid{ID: "0", Heads: manyOf(6, 4, 1), Metric: picture.Recall})
	if strings.Contains(alone, "opens") || strings.Contains(alone, `class="group"`) {
		t.Error("heads with keys of their own are in groups")
	}
}

// TestManyHeads have no numbers in their cells until they are zoomed, but say them.
func TestManyHeads(t *testing.T) {
	draw := func(g HeadGrid) string {
		g.ID, g.Heads, g.Metric = "0", manyOf(32, 32, 4), picture.Recall
		return app.HTMLString(&g)
	}
	small, zoomed, ranked := draw(HeadGrid{}), draw(HeadGrid{Zoomed: true}), draw(HeadGrid{Ranked: true})
	number := regexp.MustCompile(`<button[^>]*>\s*\.97`)
	if number.MatchString(small) || !number.MatchString(zoomed) {
		t.Error("cells of 1,024 heads have numbers before they are zoomed, or none then")
	}
	if !strings.Contains(small, `title="L1·2: .97"`) {
		t.Error("a cell without a number does not say it")
	}
	if n := strings.Count(small, "<button"); n != 1024 {
		t.Errorf("%d buttons for 1,024 heads", n)
	}
	if n := strings.Count(ranked, "<button"); n != rankedHeads || !strings.Contains(ranked, "and 896 lower ones") {
		t.Errorf("a ranking of %d heads", n)
	}
}

func TestParseHead(t *testing.T) {
	for _, c := range []struct {
		text string
		want picture.Head
		ok   bool
	}{
		{"12.4", picture.Head{Layer: 12, Head: 4}, true}, {"L12·4", picture.Head{Layer: 12, Head: 4}, true},
		{"layer 29 head 8", picture.Head{Layer: 29, Head: 8}, true}, {" 7 ", picture.Head{Layer: 7}, true},
		{"30.0", picture.Head{}, false}, {"0.9", picture.Head{}, false}, {"", picture.Head{}, false},
		{"1.2.3", picture.Head{}, false}, {"99999999999999999999.1", picture.Head{}, false},
	} {
		if got, ok := ParseHead(c.text, 30, 9); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %v %v, want %v %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// TestNothingToHit: where a text has no needle no head missed one, neither all of them nor
// the one that is looked at.
func TestNothingToHit(t *testing.T) {
	none, some := manyOf(6, 4, 1), manyOf(6, 4, 1)
	for i := range some.Cells {
		some.Cells[i].Golds = 2
	}
	some.Cells[0].Hits = 1
	for _, head := range []*picture.Head{nil, {Layer: 0, Head: 0}} {
		if html := app.HTMLString(&HeadFigures{Heads: none, Head: head}); strings.Contains(html, "0 of") || !strings.Contains(html, number.Unknown) {
			t.Errorf("%v: %s", head, html)
		}
		want := map[bool]string{true: "0 of 24", false: "1 of 2 steps"}[head == nil]
		if html := app.HTMLString(&HeadFigures{Heads: some, Head: head}); !strings.Contains(html, want) {
			t.Errorf("%v: %s, want %q", head, html, want)
		}
	}
}
