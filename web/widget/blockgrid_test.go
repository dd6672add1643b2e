package widget

import (
	"strconv"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/picture"
	"kvscope/web/state"
)

// The keyboard goes through the cells of a grid, rests at its edges, and hears of each
// what the picture shows of it.
func TestCellsByKey(t *testing.T) {
	r := sampleRun(t, "quest")
	g := &BlockGrid{ID: "0", Grid: r.Grid(nil), Labels: Lines(r), Cursor: 1, Block: -1, Held: 2}
	gold := g.Grid.Gold[1]
	if got := g.rest(); got != [2]int{1, gold} || gold < 0 {
		t.Fatalf("the keyboard begins at %v, want line 1 and the block of the answer, %d", got, gold)
	}
	lines, blocks := len(g.Grid.Lines), g.Grid.Columns
	for _, c := range []struct {
		from [2]int
		key  string
		want [2]int
	}{
		{[2]int{0, 0}, "ArrowLeft", [2]int{0, 0}}, {[2]int{0, 0}, "ArrowUp", [2]int{0, 0}},
		{[2]int{0, 0}, "ArrowRight", [2]int{0, 1}}, {[2]int{0, 4}, "ArrowDown", [2]int{1, 4}},
		{[2]int{2, 4}, "Home", [2]int{2, 0}}, {[2]int{2, 4}, "End", [2]int{2, blocks - 1}},
		{[2]int{lines - 1, blocks - 1}, "ArrowDown", [2]int{lines - 1, blocks - 1}}, {[2]int{0, blocks - 1}, "ArrowRight", [2]int{0, blocks - 1}},
	} {
		g.at = c.from
		if got, ok := g.next(c.key); got != c.want || !ok {
			t.Errorf("from %v, %s leads to %v (%v), want %v", c.from, c.key, got, ok, c.want)
		}
	}
	if _, ok := g.next("f"); ok {
		t.Error("the grid takes a key of the page")
	}
	// Of one head a block is picked or not, and what is said is what the grid has.
	g.Grid = r.Grid(&picture.Head{})
	said := map[string]bool{}
	for b := range blocks {
		share, label := g.Grid.At(1, b), g.cellLabel(g.Grid, 1, b)
		want := map[float32]string{0: ": not picked", 1: ": picked", -1: ": not in the cache"}[share]
		if want == "" || !strings.Contains(label, want) || strings.Contains(label, "holds the answer") != (b == gold) {
			t.Errorf("block %d with a share of %v is called %q", b, share, label)
		}
		said[want] = true
	}
	if !said[": picked"] || !said[": not picked"] {
		t.Errorf("all blocks are %v", said)
	}
	html := app.HTMLString(g)
	for _, want := range []string{`role="gridcell"`, `aria-activedescendant="cell-0"`, `aria-colindex="` + strconv.Itoa(gold+1) + `"`, `aria-rowindex="2"`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in the grid", want)
		}
	}
}

// What the columns answered is said once all of them have, and what it is worth.
func TestOutcome(t *testing.T) {
	r := sampleRun(t, "quest")
	done := &ColumnView{Name: "RAT+", How: "Quest at 1/8", Verdict: "right with everything read", Phase: state.Done, Run: r}
	text := app.HTMLString(Outcome([]*ColumnView{done}))
	for _, want := range []string{"RAT+, Quest at 1/8: ", "expected " + r.Header.Expected[0], "; right with everything read."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	under := &ColumnView{Name: "Attention", Phase: state.Loading, Run: r}
	if text := app.HTMLString(Outcome([]*ColumnView{done, under})); strings.Contains(text, "RAT+") {
		t.Errorf("while a column is under way it says %s", text)
	}
}
