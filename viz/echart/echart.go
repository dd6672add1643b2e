package echart

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"kvscope/viz/chart"
	"kvscope/viz/number"
	"kvscope/viz/paint"
)

// colour is the placeholder of a colour in options, to be replaced by what the
// style sheet says where the chart is shown.
func colour(name string) string { return "var(--" + name + ")" }

const dash = "dashed"

// drawn is a chart on its way to an option.
type drawn struct{ chart.Chart }

// Option is c as the option of an ECharts instance, in JSON without functions.
// Colours are written var(--name) and stand for custom properties. A series of the
// option has the name of its series of the chart, and its items the index of their
// point; those of Bars that of their category.
func Option(c chart.Chart) ([]byte, error) {
	d := drawn{c}
	var option map[string]any
	switch c.Kind {
	case chart.Lines:
		option = d.lines()
	case chart.Bars:
		option = d.bars()
	case chart.Map:
		option = d.heat()
	default:
		return nil, fmt.Errorf("chart %s: kind %q", c.ID, c.Kind)
	}
	delete(option, "color")
	option["tooltip"] = map[string]any{
		"trigger": "item", "formatter": "{a}<br/>{b}", "confine": true, "textStyle": map[string]any{"color": colour("ink"), "fontSize": 12},
		"backgroundColor": colour("panel"), "borderColor": colour("line-strong"),
	}
	return d.finished(option)
}

// finished writes an option with what the library has no field for: lines across
// charts let the pointer through to the points below, values have no ticks, and the
// axes that are seen have titles in the middle.
func (c drawn) finished(option map[string]any) ([]byte, error) {
	text, err := json.Marshal(option)
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	series, _ := plain["series"].([]any)
	for _, s := range series {
		if one, ok := s.(map[string]any); ok {
			if marks, ok := one["markLine"].(map[string]any); ok {
				marks["silent"] = true
			}
		}
	}
	first := func(name string) map[string]any {
		axes, _ := plain[name].([]any)
		if len(axes) == 0 {
			return map[string]any{}
		}
		one, _ := axes[0].(map[string]any)
		return one
	}
	x, y := first("xAxis"), first("yAxis")
	y["axisTick"] = map[string]any{"show": false}
	entitle(x, c.XName, 22)
	entitle(y, c.YName, c.yTitleGap())
	return json.Marshal(plain)
}

// entitle gives an axis its title, in the middle and so many pixels away.
func entitle(axis map[string]any, title string, away float64) {
	axis["name"], axis["nameLocation"], axis["nameGap"] = title, "middle", away
	axis["nameTextStyle"] = map[string]any{"color": colour("ink-3")}
}

// letter is about how wide a letter of an axis is, in pixels.
const letter = 8.0

// yTitleGap leaves room for the longest label of the y axis.
func (c drawn) yTitleGap() float64 {
	longest := len("100%")
	for _, l := range c.Levels {
		longest = max(longest, utf8.RuneCountInString(l))
	}
	return letter*float64(longest) + 16
}

// global returns the options that all kinds of charts share. There is no legend, which the
// page draws once for many charts.
func (c drawn) global(x opts.XAxis, y opts.YAxis) []charts.GlobalOpts {
	text := colour("ink-3")
	x.AxisLabel = &opts.AxisLabel{Color: text, ShowMinLabel: opts.Bool(true), ShowMaxLabel: opts.Bool(true)}
	x.AxisLine = &opts.AxisLine{LineStyle: &opts.LineStyle{Color: colour("line-strong")}}
	x.SplitLine = &opts.SplitLine{Show: opts.Bool(false)}
	if y.AxisLabel == nil {
		y.AxisLabel = &opts.AxisLabel{}
	}
	y.AxisLabel.Color, y.AxisLabel.ShowMinLabel, y.AxisLabel.ShowMaxLabel = text, opts.Bool(true), opts.Bool(true)
	y.AxisLine = &opts.AxisLine{Show: opts.Bool(false)} // of several x axes it would stand at the zero of one
	y.SplitLine = &opts.SplitLine{Show: opts.Bool(c.Kind != chart.Map), LineStyle: &opts.LineStyle{Color: colour("line")}}
	return []charts.GlobalOpts{
		charts.WithAnimation(false),
		charts.WithInitializationOpts(opts.Initialization{ChartID: c.ID}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
		charts.WithGridOpts(opts.Grid{Left: "20", Right: "12", Top: "10", Bottom: "20", ContainLabel: opts.Bool(true)}),
		charts.WithXAxisOpts(x),
		charts.WithYAxisOpts(y),
	}
}

func percentAxis() opts.YAxis {
	return opts.YAxis{Type: "value", Min: 0, Max: 100, MinInterval: 25, MaxInterval: 25, AxisLabel: &opts.AxisLabel{Formatter: "{value}%"}}
}

// whiskers are vertical lines from Low to High, at x moved by shift.
func whiskers(s chart.Series, shift float64) []opts.MarkLineNameCoordItem {
	var out []opts.MarkLineNameCoordItem
	for _, p := range s.Points {
		if p.High > p.Low {
			out = append(out, opts.MarkLineNameCoordItem{
				Coordinate0: []any{p.X + shift, p.Low}, Coordinate1: []any{p.X + shift, p.High},
			})
		}
	}
	return out
}

func markStyle(s chart.Series, width float32) charts.SeriesOpts {
	kind := "solid"
	if s.Paper {
		kind = dash
	}
	return charts.WithMarkLineStyleOpts(opts.MarkLineStyle{
		Symbol: []string{"none", "none"}, Label: &opts.Label{Show: opts.Bool(false)},
		LineStyle: &opts.LineStyle{Color: colour(s.Colour), Width: width, Type: kind},
	})
}

func (c drawn) lines() map[string]any {
	line := charts.NewLine()
	axis := 0
	if c.Categories == nil {
		line.SetGlobalOptions(c.global(opts.XAxis{Type: "value", Min: 1, Max: max(2, c.XMax)}, percentAxis())...)
	} else {
		line.SetGlobalOptions(c.global(opts.XAxis{Type: "category", Data: c.Categories}, percentAxis())...)
		line.ExtendXAxis(c.fractions())
		axis = 1
	}
	line.SetXAxis(c.Categories)
	for i, s := range c.Series {
		aside, marksAside := c.Aside(i)
		data := make([]opts.LineData, len(s.Points))
		for j, p := range s.Points {
			data[j] = opts.LineData{Name: p.About, Value: []float64{p.X + aside, p.Y}}
		}
		style := opts.LineStyle{Color: colour(s.Colour), Width: 2}
		look := opts.LineChart{XAxisIndex: axis, Symbol: "circle", SymbolSize: 7, ShowSymbol: opts.Bool(true)}
		switch {
		case s.Paper:
			style.Type, style.Width, style.Opacity = dash, 1.5, opts.Float(0.75)
			look.Symbol, look.SymbolSize = "emptyCircle", 4
		case c.Categories == nil:
			look.SymbolSize = 4
		}
		more := []charts.SeriesOpts{
			charts.WithLineChartOpts(look), charts.WithLineStyleOpts(style),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: colour(s.Colour)}),
		}
		if marks := whiskers(s, marksAside); marks != nil {
			more = append(more, charts.WithMarkLineNameCoordItemOpts(marks...), markStyle(s, 1))
		}
		line.AddSeries(s.Name, data, more...)
	}
	line.Validate()
	return line.JSON()
}

// fractions is an unseen axis of numbers along the categories: a category axis has no
// place for a fraction of one and would round it.
func (c drawn) fractions() opts.XAxis {
	return opts.XAxis{Type: "value", Min: -0.5, Max: float64(len(c.Categories)) - 0.5, Show: opts.Bool(false)}
}

func (c drawn) bars() map[string]any {
	bar := charts.NewBar()
	bar.SetGlobalOptions(c.global(opts.XAxis{Type: "category", Data: c.Categories}, percentAxis())...)
	bar.ExtendXAxis(c.fractions())
	bar.SetXAxis(c.Categories)
	var ours []chart.Series
	for _, s := range c.Series {
		if !s.Paper {
			ours = append(ours, s)
		}
	}
	width := chart.BarShare / float64(max(1, len(ours)))
	marks := charts.NewScatter()
	at := -1
	for _, s := range c.Series {
		if !s.Paper {
			at++
		}
		shift := -chart.BarShare/2 + (float64(max(at, 0))+0.5)*width
		if s.Paper {
			marks.AddSeries(s.Name, c.paperMarks(s, shift), append(c.onValues(s),
				charts.WithMarkLineNameCoordItemOpts(across(s, shift, width)...), markStyle(s, 1.5))...)
			continue
		}
		data := make([]opts.BarData, len(c.Categories))
		for i := range data {
			data[i] = opts.BarData{Value: "-"} // not measured
		}
		for _, p := range s.Points {
			data[int(p.X)] = opts.BarData{Name: p.About, Value: p.Y}
		}
		bar.AddSeries(s.Name, data,
			charts.WithBarChartOpts(opts.BarChart{BarGap: "0%", BarCategoryGap: number.WholePercent(1 - chart.BarShare)}),
			charts.WithItemStyleOpts(opts.ItemStyle{Color: colour(s.Colour), Opacity: opts.Float(0.8)}))
	}
	for at, s := range ours {
		shift := -chart.BarShare/2 + (float64(at)+0.5)*width
		if lines := whiskers(s, shift); lines != nil {
			ink := s
			ink.Colour = "ink"
			marks.AddSeries(s.Name, nil, append(c.onValues(s), charts.WithMarkLineNameCoordItemOpts(lines...), markStyle(ink, 1.5))...)
		}
	}
	bar.Overlap(marks)
	bar.Validate()
	return bar.JSON()
}

// onValues puts a series of marks on the axis of numbers.
func (drawn) onValues(s chart.Series) []charts.SeriesOpts {
	return []charts.SeriesOpts{
		charts.WithScatterChartOpts(opts.ScatterChart{XAxisIndex: 1, Symbol: "circle", SymbolSize: 5}),
		charts.WithItemStyleOpts(opts.ItemStyle{Color: colour(s.Colour)}),
	}
}

func (drawn) paperMarks(s chart.Series, shift float64) []opts.ScatterData {
	data := make([]opts.ScatterData, len(s.Points))
	for i, p := range s.Points {
		data[i] = opts.ScatterData{Name: p.About, Value: []float64{p.X + shift, p.Y}}
	}
	return data
}

// across are level lines over the width of a bar.
func across(s chart.Series, shift, width float64) []opts.MarkLineNameCoordItem {
	out := make([]opts.MarkLineNameCoordItem, len(s.Points))
	for i, p := range s.Points {
		out[i] = opts.MarkLineNameCoordItem{
			Coordinate0: []any{p.X + shift - width/2, p.Y}, Coordinate1: []any{p.X + shift + width/2, p.Y},
		}
	}
	return out
}

func (c drawn) heat() map[string]any {
	m := charts.NewHeatMap()
	m.SetGlobalOptions(append(
		c.global(opts.XAxis{Type: "category", Data: c.Categories}, opts.YAxis{Type: "category", Data: c.Levels, Inverse: opts.Bool(true)}),
		charts.WithVisualMapOpts(opts.VisualMap{Type: "continuous", Show: opts.Bool(false), Dimension: "2", Min: 0, Max: 100, InRange: &opts.VisualMapInRange{Color: ramp()}}))...)
	for _, s := range c.Series {
		// Each cell says its value, which it is coloured by, and of how many examples it is.
		data, label := make([]opts.HeatMapData, len(s.Points)), "{@[2]}%"
		for i, p := range s.Points {
			data[i] = opts.HeatMapData{Name: p.About, Value: []any{p.X, p.Level, int(p.Y + 0.5), p.N}}
			if p.N > 0 {
				label = "{@[2]}%\nn = {@[3]}"
			}
		}
		m.AddSeries(s.Name, data, charts.WithLabelOpts(opts.Label{Show: opts.Bool(true), Formatter: label, FontSize: 10, LineHeight: 12}),
			charts.WithItemStyleOpts(opts.ItemStyle{BorderColor: colour("panel"), BorderWidth: 1}))
	}
	m.Validate()
	option := m.JSON()
	option["xAxis"], option["yAxis"] = m.XAxisList, m.YAxisList
	return option
}

// ramp is the colours of a quantity from none to all.
func ramp() []string {
	out := make([]string, paint.Stops)
	for i := range out {
		out[i] = colour(fmt.Sprintf("seq-%d", i))
	}
	return out
}
