package page

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/pattern"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/lab"
)

// presser hears of pressed points, and of what is to be said. Charts hold a pointer to one,
// which go-app finds equal to itself.
type presser struct {
	press func(lab.Pick)
	say   func(text string)
}

// figure is one chart, drawn by the script into an element of its own.
type figure struct {
	app.Compo

	Picture api.Picture
	Ready   bool // the script is there
	Dark    bool
	Drawing string // path of the drawing to download
	On      *presser

	chart   app.Value
	drawn   string // option and colours on the screen
	release []func()
}

// Render lays out a caption and the place for the chart, which only the script
// fills.
func (p *figure) Render() app.UI {
	return app.Figure().Class("plot").DataSet("testid", "plot").DataSet("id", p.Picture.ID).Body(
		app.Div().Class("plot-head").Body(
			app.H3().Text(p.Picture.Title),
			app.A().Class("link").Href(p.Drawing).Attr("download", "").Title("download as SVG").Text("SVG"),
			app.Button().Type("button").Class("link").Title("download as PNG").DataSet("scale", 1).OnClick(p.onPNG, 1).Text("PNG"),
			app.Button().Type("button").Class("link").Title("download as PNG, twice as large").DataSet("scale", 2).OnClick(p.onPNG, 2).Text("PNG 2×"),
		),
		app.Div().Class("plot-area").Attr("role", "img").Aria("label", p.Picture.YName+" by "+p.Picture.XName+", "+p.Picture.Title),
	)
}

// OnMount draws the chart.
func (p *figure) OnMount(ctx app.Context) { p.draw(ctx.JSSrc()) }

// OnUpdate draws the chart anew if it changed.
func (p *figure) OnUpdate(ctx app.Context) { p.draw(ctx.JSSrc()) }

// OnDismount lets go of what the script holds.
func (p *figure) OnDismount() {
	for _, f := range p.release {
		f()
	}
	if p.chart != nil {
		p.chart.Call("dispose")
	}
	p.release, p.chart, p.drawn = nil, nil, ""
}

func (p *figure) draw(root app.Value) {
	if !p.Ready {
		return
	}
	option := coloured(root, string(p.Picture.Option))
	if option == p.drawn {
		return
	}
	if p.chart == nil {
		p.open(root.Call("querySelector", ".plot-area"))
	}
	p.drawn = option
	p.chart.Call("setOption", app.Window().Get("JSON").Call("parse", option), true)
}

func (p *figure) open(area app.Value) {
	p.chart = app.Window().Get("echarts").Call("init", area)
	click := app.FuncOf(func(_ app.Value, args []app.Value) any {
		event := args[0]
		if event.Get("componentType").String() != "series" {
			return nil
		}
		point := lab.PointAt(p.Picture, event.Get("seriesName").String(), event.Get("dataIndex").Int())
		if point != nil && point.Ref != nil {
			p.On.press(lab.Pick{Ref: *point.Ref, About: point.About})
		}
		return nil
	})
	p.chart.Call("on", "click", click)
	resize := app.FuncOf(func(app.Value, []app.Value) any { p.chart.Call("resize"); return nil })
	observer := app.Window().Get("ResizeObserver").New(resize)
	observer.Call("observe", area)
	p.release = append(p.release, func() { observer.Call("disconnect"); resize.Release(); click.Release() })
}

var named = pattern.Of(`var\(--([a-z0-9-]+)\)`)

// coloured puts the colours that hold for an element in place of their names.
func coloured(element app.Value, option string) string {
	probe := app.Window().Get("document").Call("createElement", "i")
	element.Call("append", probe)
	defer probe.Call("remove")
	known := map[string]string{}
	return named().ReplaceAllStringFunc(option, func(name string) string {
		if known[name] == "" {
			probe.Get("style").Set("color", name)
			known[name] = app.Window().Call("getComputedStyle", probe).Get("color").String()
		}
		return known[name]
	})
}

// onPNG hands the downloadable drawing out as pixels.
func (p *figure) onPNG(ctx app.Context, _ app.Event) {
	name, scale := "kvscope-"+p.Picture.ID, 1
	if ctx.JSSrc().Get("dataset").Get("scale").String() == "2" {
		name, scale = name+"@2x", 2
	}
	name += ".png"
	browser.DownloadPNGOf(name, p.Drawing, scale, func(err error) { p.On.say(saved(name, err)) })
}
