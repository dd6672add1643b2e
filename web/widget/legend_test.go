package widget

import (
	"image/color"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/viz/paint"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// A legend names what its view shows, and nothing else.
func TestLegendsSayWhatIsShown(t *testing.T) {
	quest, moba, snapkv := sampleRun(t, "quest"), sampleRun(t, "moba"), sampleRun(t, "snapkv")
	head := &picture.Head{Layer: 1, Head: 1}
	diff := quest.Grid(head)
	diff.Diff = quest.Compare(snapkv, diff, head)
	for name, c := range map[string]struct {
		text     string
		has, not []string
	}{
		"grid of all heads":   {picture.GridLegend(quest.Grid(nil), "", "").HTML(), []string{"share of heads 0", "answer", "dense top K", "needle"}, []string{"not picked"}},
		"grid of a head":      {picture.GridLegend(quest.Grid(head), "", "").HTML(), []string{"picked", "not picked", "answer"}, []string{"share of"}},
		"grid of MoBA":        {picture.GridLegend(moba.Grid(head), "", "").HTML(), []string{"share of queries 0"}, []string{"not picked"}},
		"grid of tokens":      {picture.GridLegend(snapkv.Grid(head), "", "").HTML(), []string{"share of the block 0"}, []string{"not picked"}},
		"difference":          {picture.GridLegend(diff, "Attention", "RAT+").HTML(), []string{"Attention alone", "both", "RAT+ alone", "neither"}, []string{"dense top K"}},
		"heads by mass":       {picture.HeadsLegend(quest.HeadGrid(), picture.Mass, false, 256).HTML(), []string{"attention mass kept 0"}, []string{"no memory"}},
		"heads by memory":     {picture.HeadsLegend(quest.HeadGrid(), picture.Memory, false, 256).HTML(), []string{"no memory"}, []string{"log"}},
		"heads by kind":       {picture.HeadsLegend(&picture.Heads{Layers: 1, Heads: 2, Cells: []picture.HeadCell{{Kind: "sink"}, {Kind: "block"}}}, picture.Kind, false, 256).HTML(), []string{"var(--kind-sink)", "S sink 50.0%", "B block 50.0%"}, []string{"not known", "local"}},
		"prompt by picks":     {StripLegend(quest.Strip(0, nil, picture.ByPicks), picture.ByPicks, false, quest.Header).HTML(), []string{"share of heads 0", "answer", "its needle", "other needle"}, []string{"true attention"}},
		"prompt by mass":      {StripLegend(quest.Strip(0, head, picture.ByMass), picture.ByMass, true, quest.Header).HTML(), []string{"dense attention 0", number.Mass(quest.Strip(0, head, picture.ByMass).Top)}, []string{"share"}},
		"map, in proportion":  {MapLegend(MapScale{From: "0", To: "0.5", Linear: true, Cell: 1}, false, false, false).HTML(), []string{"attention weight 0", "0.5"}, []string{"log", "greatest", "answer", "picked"}},
		"map, far away":       {MapLegend(MapScale{From: "0.0001", To: "1", Cell: 8}, true, true, true).HTML(), []string{"attention weight, log 0.0001", "maximum of 8 × 8", "answer", "picked"}, nil},
		"arcs with a prompt":  {ArcsLegend(0.5).HTML(), []string{"share of the entry", ".50"}, nil},
		"arcs by themselves":  {ArcsLegend(0).HTML(), []string{"share of the entry"}, []string{"below"}},
		"nothing is selected": {picture.GridLegend(nil, "", "").HTML() + picture.HeadsLegend(nil, picture.Mass, true, 0).HTML(), nil, []string{"legend-key\""}},
	} {
		for _, want := range c.has {
			if !strings.Contains(c.text, want) {
				t.Errorf("%s: no %q in %s", name, want, c.text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(c.text, not) {
				t.Errorf("%s: %q in %s", name, not, c.text)
			}
		}
	}
}

// The fill of a cell that is saved is the one that is painted.
func TestDiffColourIsWhatIsPainted(t *testing.T) {
	d := &picture.Diff{Left: []float32{0, 1, 0.25}, Both: []float32{0, 0, 0.25}, Right: []float32{0, 0, 0.5}}
	if got := DiffColour(d, 0).CSS(); got != "var(--seq-0)" {
		t.Errorf("what neither picked is %s", got)
	}
	for _, part := range []string{"--only-left", "--only-right", "--in-both"} {
		if css := DiffColour(d, 2).CSS(); !strings.Contains(css, part) {
			t.Errorf("%s is not in %s", part, css)
		}
	}
	white, red := color.RGBA{255, 255, 255, 255}, color.RGBA{255, 0, 0, 255}
	p := &paint.Palette{Left: red}
	p.Ramp[0] = white
	if got := DiffColour(d, 1).Of(p); got != red {
		t.Errorf("what the left alone picked is painted %v", got)
	}
}

// Every picture of a column has a legend of its own.
func TestEveryPictureHasALegend(t *testing.T) {
	r := sampleRun(t, "quest")
	s := state.New(state.DefaultPlace(), nil)
	v := &ColumnView{Name: "Attention", Phase: state.Done, Run: r, Grid: r.Grid(nil), Heads: r.HeadGrid(), Labels: Lines(r)}
	html := app.HTMLString(Column("0", 0, v, &s, app.Div(), nil)) + app.HTMLString(&Timeline{Lines: 3, Planned: 4})
	for _, of := range []string{"answer-0", "grid-0", "heads-0", "timeline"} {
		_, after, found := strings.Cut(html, `data-testid="legend-`+of+`"`)
		after, _, _ = strings.Cut(after, "</div>")
		if !found || !strings.Contains(after, "legend-key") {
			t.Errorf("%s has no legend", of)
		}
	}
}
