package echart

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"kvscope/viz/chart"
)

// samples are one of each kind, with the paper's values and swaps among them.
func samples(t testing.TB) []chart.Chart {
	t.Helper()
	row := func(model, selector string, budget, accuracy float64) chart.Row {
		return chart.Row{
			Ref:    chart.Ref{Model: model, Task: "MK-2", Method: "quest", Selector: selector},
			Budget: budget, Block: 16, Setup: "blocks of 16", Name: "Quest", Called: map[string]string{"attention": "Attention", "ratplus": "RAT+"}[model], Memory: model == "ratplus", Unit: "block", Context: 1024, Accuracy: accuracy, Low: accuracy - 0.1, High: accuracy + 0.1, Std: 0.05, Seeds: 5, Examples: 100,
		}
	}
	paper, err := chart.ParsePaper([]byte(`{"context_tokens": 4096, "tasks": {"MK-2": "niah_multikey_2"}, "backbones": {"ratplus": {"name": "RAT+", "memory": true}},
		"table_3": {"rows": [{"method": "quest", "backbone": "ratplus", "block_size": 64, "budget": "1/4", "accuracy": {"MK-2": 97.2}}]},
		"table_5": {"rows": [{"method": "quest", "backbone": "ratplus", "selector": "random", "block_size": 64, "budget": "1/4", "accuracy_mean": {"MK-2": 91.5}, "accuracy_std": {"MK-2": 0.9}}]}}`), chart.FromScratch)
	if err != nil {
		t.Fatal(err)
	}
	swapped := row("ratplus", "own", 0.25, 0.6)
	swapped.SelectWith = "plain"
	rows := []chart.Row{
		row("attention", "own", 0.25, 0.5), row("ratplus", "own", 0.25, 0.75), row("attention", "own", 1, 0.9),
		row("attention", "random", 0.25, 0.2), row("ratplus", "random", 0.25, 0.4), swapped,
	}
	list := append(chart.Figure1(rows, paper), chart.Table5(rows, paper)...)
	interval := func(rate float64) (low, high float64) { return max(0, rate-0.1), min(1, rate+0.1) }
	list = append(list, chart.Figures2to4([]chart.Curve{{Row: rows[0], Rates: []float64{0, 1, 0.5}, Interval: interval}, {Row: rows[1], Rates: []float64{1, 1, 0}, Interval: interval}})...)
	list = append(list, chart.Swaps2x2(rows)...)
	return append(list, chart.DepthMaps([]chart.DepthCell{{Row: rows[0], Part: 0, Accuracy: 1, Examples: 3}, {Row: rows[2], Part: 4, Accuracy: 0.5, Examples: 2}})...)
}

// TestOptions: options are plain JSON in which every series of the chart has its
// points, and colours are custom properties only.
func TestOptions(t *testing.T) {
	for _, c := range samples(t) {
		text, err := Option(c)
		if err != nil {
			t.Fatal(err)
		}
		var option struct {
			Series []struct {
				Name string
				Type string
				Data []struct {
					Name  string
					Value any
				}
				MarkLine *struct{ Silent bool }
			}
		}
		if err := json.Unmarshal(text, &option); err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		for _, o := range option.Series {
			if o.MarkLine != nil && !o.MarkLine.Silent {
				t.Errorf("%s: whiskers of %q catch the pointer", c.ID, o.Name)
			}
		}
		for _, s := range c.Series {
			named := 0
			for _, o := range option.Series {
				for _, d := range o.Data {
					if o.Name == s.Name && d.Name != "" {
						named++
					}
				}
			}
			if named != len(s.Points) {
				t.Errorf("%s: %q has %d points, the option %d", c.ID, s.Name, len(s.Points), named)
			}
		}
		if strings.Contains(string(text), "__f__") || strings.Contains(string(text), "function") {
			t.Errorf("%s: functions in %s", c.ID, text)
		}
		if strings.Contains(string(text), `"#`) {
			t.Errorf("%s: a colour of its own in %s", c.ID, text)
		}
	}
}

// option lists the fields that tests read of a chart's option.
type option struct {
	XAxis, YAxis []struct {
		Type, Name, NameLocation string
		Show                     *bool
	}
	VisualMap []struct{ Dimension string }
	Series    []struct {
		Name       string
		XAxisIndex int
		Label      struct{ Formatter string }
		Data       []struct{ Value []any }
		MarkLine   *struct{ Data [][]struct{ Coord []float64 } }
	}
}

func optionOf(t *testing.T, c chart.Chart) option {
	t.Helper()
	text, err := Option(c)
	if err != nil {
		t.Fatal(err)
	}
	var o option
	if err := json.Unmarshal(text, &o); err != nil {
		// Items of bars are single numbers.
		if c.Kind != chart.Bars {
			t.Fatal(err)
		}
	}
	return o
}

func TestAxesHaveTitles(t *testing.T) {
	for _, c := range samples(t) {
		o := optionOf(t, c)
		if x, y := o.XAxis[0], o.YAxis[0]; x.Name != c.XName || y.Name != c.YName || x.NameLocation != "middle" || c.XName == "" || c.YName == "" {
			t.Errorf("%s: titles %q and %q", c.ID, x.Name, y.Name)
		}
	}
}

// TestPointsOfLinesStandApart: on an axis of numbers, since one of categories would
// round them back onto each other.
func TestPointsOfLinesStandApart(t *testing.T) {
	c := samples(t)[0]
	o := optionOf(t, c)
	var at []float64
	for i, s := range o.Series {
		if o.XAxis[s.XAxisIndex].Type != "value" {
			t.Errorf("%s is on an axis of type %q", s.Name, o.XAxis[s.XAxisIndex].Type)
		}
		last := len(s.Data) - 1
		x := s.Data[last].Value[0].(float64)
		if c.Series[i].Paper {
			continue
		}
		at = append(at, x)
		whisker := s.MarkLine.Data[last][0].Coord
		if whisker[0] != x {
			t.Errorf("%s: point at %g, its whisker at %g", s.Name, x, whisker[0])
		}
	}
	if slices.Sort(at); len(slices.Compact(slices.Clone(at))) != len(at) {
		t.Errorf("points at %v of one category hide each other", at)
	}
}

func TestMapsSayHowMany(t *testing.T) {
	for _, c := range samples(t) {
		if c.Kind != chart.Map {
			continue
		}
		o := optionOf(t, c)
		s := o.Series[0]
		if o.VisualMap[0].Dimension != "2" || s.Data[0].Value[2] != math.Round(c.Series[0].Points[0].Y) {
			t.Errorf("%s is coloured by dimension %s of %v", c.ID, o.VisualMap[0].Dimension, s.Data[0].Value)
		}
		if !strings.Contains(s.Label.Formatter, "n = {@[3]}") || s.Data[0].Value[3] != float64(c.Series[0].Points[0].N) || c.Series[0].Points[0].N == 0 {
			t.Errorf("%s: %q of %v", c.ID, s.Label.Formatter, s.Data[0].Value)
		}
	}
}
