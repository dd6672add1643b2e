package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/viz/number"
)

func paper(t testing.TB, table Table) Paper {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "assets", "paper", "tables.json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePaper(text, table)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func row(model, method, selector string, budget, accuracy float64) Row {
	unit, setup := "block", "blocks of 16"
	if method == "snapkv" {
		unit, setup = "token", ""
	}
	return Row{
		Ref:    Ref{Model: model, Task: "MK-2", Method: method, Selector: selector, Params: map[string]string{"budget": number.Budget(budget)}},
		Budget: budget, Block: 16, Setup: setup, Called: map[string]string{"attention": "Attention", "ratplus": "RAT+"}[model], Memory: model == "ratplus", Unit: unit, Context: 1024, Accuracy: accuracy, Low: accuracy - 0.1, High: accuracy + 0.1, Std: 0.05, Seeds: 5, Examples: 100,
	}
}

func sample(t testing.TB) []Chart {
	t.Helper()
	rows := []Row{
		row("attention", "quest", "own", 0.25, 0.5), row("ratplus", "quest", "own", 0.25, 0.75),
		row("attention", "quest", "own", 1, 0.9), row("ratplus", "quest", "own", 1, 0.8),
		row("attention", "quest", "random", 0.25, 0.2), row("ratplus", "quest", "random", 0.25, 0.4),
		row("ratplus", "snapkv", "own", 0.125, 0.3),
	}
	charts := Figure1(rows, paper(t, FromScratch))
	charts = append(charts, Table5(rows, paper(t, FromScratch))...)
	charts = append(charts, Figures2to4([]Curve{{rows[0], []float64{0, 1, 0.5}, within}, {rows[1], []float64{1, 1, 0}, within}})...)
	return append(charts, DepthMaps([]DepthCell{{rows[0], 0, 1, 3}, {rows[2], 4, 0.5, 2}})...)
}

func TestFigure1(t *testing.T) {
	charts := sample(t)
	c := charts[0]
	if c.ID != "accuracy-quest--blocks-of-16-mk-2" || strings.Join(c.Categories, " ") != "1 1/4 1/8 1/16" || len(c.Series) != 4 {
		t.Fatalf("%+v", c)
	}
	ours, theirs := c.Series[1], c.Series[3]
	if ours.Name != "RAT+" || len(ours.Points) != 2 || ours.Points[1].X != 1 || ours.Points[1].Y != 75 || ours.Points[1].Low != 65 || ours.Points[1].Ref.Params["budget"] != "1/4" {
		t.Errorf("%+v", ours)
	}
	// Table 3, Quest, RAT+, MK-2: 100, 97.2, 70.4 in blocks of 64.
	if !theirs.Paper || !strings.Contains(theirs.Name, "7B, 4,096 tokens") || len(theirs.Points) != 3 || theirs.Points[1].Y != 97.2 || theirs.Points[2].X != 3 {
		t.Errorf("%+v", theirs)
	}
	if snap := charts[1]; snap.Method != "snapkv" || len(snap.Series) != 2 {
		t.Errorf("%+v", snap)
	}
}

func TestPaperBlocks(t *testing.T) {
	p := paper(t, Continued)
	for _, tc := range []struct {
		method         string
		block, context int
		want           int
	}{{"quest", 16, 1024, 64}, {"quest", 4, 1024, 16}, {"moba", 32, 1024, 128}, {"moba", 16, 1024, 64}, {"quest", 16, 256, 64}, {"snapkv", 0, 1024, 0}} {
		rows := p.of(tc.method, true, "own", tc.block, tc.context)
		if len(rows) == 0 {
			t.Errorf("%+v: none", tc)
		}
		for _, r := range rows {
			if r.Block != tc.want {
				t.Errorf("%+v: the paper's blocks of %d", tc, r.Block)
			}
		}
	}
	if rows := p.of("quest", true, "own", 16, 1024); rows[0].Budget != 0.25 {
		t.Errorf("budget %g", rows[0].Budget)
	}
}

func TestParsePaperRefuses(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "budget": `{"table_3":{"rows":[{"budget":"a lot"}]}}`, "zero": `{"table_3":{"rows":[{"budget":"1/0"}]}}`} {
		if _, err := ParsePaper([]byte(text), FromScratch); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ParsePaper([]byte("{}"), "9"); err == nil {
		t.Error("table 9: no error")
	}
}

func TestTable5(t *testing.T) {
	var c Chart
	for _, c = range sample(t) {
		if c.View == Chance {
			break
		}
	}
	if len(c.Series) != 4 || c.Kind != Bars {
		t.Fatalf("%+v", c)
	}
	if p := c.Series[0].Points[0]; p.Y != 20 || math.Abs(p.Low-15) > 1e-9 || math.Abs(p.High-25) > 1e-9 || !strings.Contains(p.About, "5 seeds") {
		t.Errorf("%+v", p)
	}
	// Table 5, Quest, RAT+, MK-2: 91.52 ± 0.90.
	if p := c.Series[3].Points[0]; p.Y != 91.52 || p.High-p.Y > 0.91 {
		t.Errorf("%+v", p)
	}
}

func TestSwaps2x2(t *testing.T) {
	trained, keys, states := row("ratplus", "quest", "own", 0.25, 0.75), row("ratplus", "quest", "own", 0.25, 0.5), row("ratplus", "quest", "own", 0.25, 0.25)
	keys.SelectWith, states.ComputeWith = "plain", "plain"
	rows := []Row{row("attention", "quest", "own", 0.25, 0.1), trained, keys, states}
	for _, r := range rows[1:3] {
		r.Task, r.Accuracy = "S-1", 1
		rows = append(rows, r)
	}
	charts := Swaps2x2(rows)
	if len(charts) != 3 || charts[0].Title != "mean of tasks, RAT+" || charts[1].Title != "MK-2, RAT+" || charts[0].Budget != "1/4" {
		t.Fatalf("%+v", charts)
	}
	type at struct {
		x     float64
		level int
		y     float64
	}
	for i, want := range [][]at{{{0, 0, 87.5}, {0, 1, 75}}, {{0, 0, 75}, {0, 1, 50}, {1, 0, 25}}} {
		var got []at
		for _, p := range charts[i].Series[0].Points {
			got = append(got, at{p.X, p.Level, p.Y})
			if (p.Ref == nil) != (i == 0) {
				t.Errorf("%s: %+v names %v", charts[i].Title, p, p.Ref)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", charts[i].Title, got, want)
		}
	}
	if p := charts[1].Series[0].Points[1]; p.Ref.SelectWith != "plain" || !strings.Contains(p.About, "picks by K, reads K̃, Ṽ") {
		t.Errorf("%+v", p)
	}
	if got := Swaps2x2(rows[:2]); got != nil {
		t.Errorf("nothing swapped, and yet %+v", got)
	}
	// The same rows, as lines: each swap has its own.
	var names, colours []string
	for _, s := range Figure1(rows, Paper{})[0].Series {
		names, colours = append(names, s.Name), append(colours, s.Colour)
	}
	if strings.Join(names, "; ") != "Attention; RAT+; RAT+, picks by K; RAT+, reads K, V" || len(unique(colours, func(c string) string { return c })) != 4 {
		t.Errorf("%q in %q", names, colours)
	}
}

func TestDepthsNameTheirExamples(t *testing.T) {
	r := row("ratplus", "quest", "own", 0.25, 0.75)
	p := DepthMaps([]DepthCell{{r, 1, 0.5, 2}})[0].Series[0].Points[0]
	if p.Ref.Depths == nil || *p.Ref.Depths != [2]float64{0.2, 0.4} {
		t.Errorf("%+v", p.Ref)
	}
}

func TestHeadsAreRanked(t *testing.T) {
	for _, c := range sample(t) {
		if c.View != Heads {
			continue
		}
		var ys []float64
		for _, p := range c.Series[0].Points {
			ys = append(ys, p.Y)
		}
		if len(ys) != 3 || ys[0] != 100 || ys[1] != 50 || ys[2] != 0 || c.XMax != 3 {
			t.Errorf("%v of %+v", ys, c)
		}
	}
}

func TestSVGIsXML(t *testing.T) {
	hostile := Chart{ID: "x", Kind: Lines, Title: `<script>&"`, Categories: []string{"<b>"}, Series: []Series{{Name: "a&b", Points: []Point{{About: "<i>"}}}}}
	for _, c := range append(sample(t), hostile) {
		for name, paint := range map[string]Palette{"properties": Properties, "colours": Paint(map[string]string{"ink": "#000000"})} {
			svg := c.SVG(paint)
			d := xml.NewDecoder(strings.NewReader(string(svg)))
			marks := 0
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s, %s: %v in %s", c.ID, name, err, svg)
				}
				if e, ok := token.(xml.StartElement); ok && e.Name.Local == "title" {
					marks++
				}
			}
			want := 0
			for _, s := range c.Series {
				if c.Kind != Bars || !s.Paper {
					want += len(s.Points)
				}
			}
			if marks != want {
				t.Errorf("%s, %s: %d marks, want %d", c.ID, name, marks, want)
			}
			if strings.Contains(string(svg), "<script") || strings.Contains(string(svg), "NaN") {
				t.Errorf("%s", svg)
			}
		}
	}
}

func TestManyModelsHaveTheirOwnColours(t *testing.T) {
	models := []subject{{model: "a"}, {model: "b", memory: true}, {model: "c"}, {model: "d", memory: true}}
	seen := map[string]string{}
	for _, m := range models {
		c := m.colour(append(models, subject{model: "b", memory: true, swap: Swap{SelectWith: "plain"}}))
		if other := seen[c]; other != "" {
			t.Errorf("%s and %s are both %s", m.model, other, c)
		}
		seen[c] = m.model
	}
	if seen["ink-3"] != "a" || seen["accent"] != "b" {
		t.Errorf("the pair is not in its own colours: %v", seen)
	}
}

// within is an interval of a tenth to each side.
func within(rate float64) (low, high float64) { return max(0, rate-0.1), min(1, rate+0.1) }

// TestWhiskersStandApart: those of two models at one place are both seen, around
// the place.
func TestWhiskersStandApart(t *testing.T) {
	c := Chart{Categories: []string{"1"}, Series: []Series{{Name: "a"}, {Name: "paper", Paper: true}, {Name: "b"}}}
	left, leftWhisker := c.Aside(0)
	right, rightWhisker := c.Aside(2)
	if left > -0.05 || left != -right || leftWhisker != left || rightWhisker != right {
		t.Errorf("points at %g and %g, whiskers at %g and %g", left, right, leftWhisker, rightWhisker)
	}
	if points, whiskers := c.Aside(1); points != 0 || whiskers != 0 {
		t.Errorf("the paper's values are moved by %g and %g", points, whiskers)
	}
	// Along numbers, a point's place is its value.
	c.Categories = nil
	if points, whiskers := c.Aside(0); points != 0 || whiskers >= 0 {
		t.Errorf("along numbers: points at %g, whiskers at %g", points, whiskers)
	}
	alone := Chart{Series: []Series{{Name: "a"}}}
	if points, whiskers := alone.Aside(0); points != 0 || whiskers != 0 {
		t.Error("a lone whisker is off its point")
	}
}
