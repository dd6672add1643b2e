package widget

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/figures"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// HeadGrid shows what each head's selections were worth, layers down, heads
// across. The pointer looks at a head, a press locks it.
type HeadGrid struct {
	app.Compo

	ID     string
	Heads  *picture.Heads
	Metric picture.Metric
	Ranked bool // in the order of the metric instead of the model's
	Zoomed bool // as large as their numbers need, where there are many
	Locked *picture.Head
	On     *Bus

	roving roving
}

// OnMount makes the heads one stop of Tab.
func (g *HeadGrid) OnMount(app.Context) { g.roving.settle(g.JSValue(), headItems) }

// OnUpdate keeps it at the head that is locked.
func (g *HeadGrid) OnUpdate(app.Context) { g.roving.settle(g.JSValue(), headItems) }

// OnDismount stops listening.
func (g *HeadGrid) OnDismount() { g.roving.close() }

// headItems are the buttons of heads.
const headItems = "button[data-head]"

const (
	// manyHeads is from how many heads on a grid has cells without numbers, until it is
	// zoomed, and a field to find one.
	manyHeads = 97
	// rankedHeads is how many a ranking lists.
	rankedHeads = 128
)

// many reports whether there are more heads than fit a grid with their numbers.
func many(h *picture.Heads) bool { return h != nil && len(h.Cells) >= manyHeads }

// metricTitles say what a metric is, for a switch and in words.
var metricTitles = map[picture.Metric][2]string{
	picture.Hit:     {"hit", "answer steps at which the head picked the block it copies from"},
	picture.Recall:  {"recall", "share of the top K by dense attention that the head picked"},
	picture.Mass:    {"mass", "attention mass kept: share of the head's dense attention that its picks hold"},
	picture.Memory:  {"memory", "tokens that the head's memory reaches back"},
	picture.Density: {"density", "share of the cache that the head read"},

	picture.OutputError: {"error", "how far the head's output is from that of dense attention, relative to it"},

	picture.Kind: {"kind", "what the head's dense attention is like while the answer is made"},

	picture.Jaccard: {"in common", "share of the picks of either column that both have"},
}

// Render lays out a button for each head.
func (g *HeadGrid) Render() app.UI {
	h := g.Heads
	if h == nil {
		h = &picture.Heads{}
	}
	if g.Ranked {
		return g.ranking(h)
	}
	cells := headings(h)
	for l := range h.Layers {
		label := ""
		if l%4 == 0 || h.Layers <= 16 || g.Zoomed {
			label = "L" + strconv.Itoa(l)
		}
		cells = append(cells, app.Span().Text(label))
		for i := range h.Heads {
			cells = append(cells, g.cell(h, picture.Head{Layer: l, Head: i}))
		}
	}
	height := "1.3rem"
	switch {
	case g.Zoomed && many(h):
		height = "1.65rem"
	case h.Layers > 16:
		height = "0.5rem"
	case h.Layers > 8:
		height = "0.8rem"
	}
	return app.Div().Class(classes("heads", when(many(h), "many"), when(g.Zoomed && many(h), "zoomed"))).
		Style("--n", strconv.Itoa(max(1, h.Heads))).
		Style("--head-h", height).
		Attr("role", "group").
		Aria("label", "heads by "+metricTitles[g.Metric][1]).
		DataSet("testid", "heads-"+g.ID).
		DataSet("metric", string(g.Metric)).
		DataSet("locked", HeadName(g.Locked)).
		Body(cells...)
}

// headings are the rows above the heads: the heads of keys and values, where several
// heads read one, and the heads' own numbers, as many as there is room for.
func headings(h *picture.Heads) []app.UI {
	out := []app.UI{}
	if h.Group > 1 {
		out = append(out, app.Span().Class("corner").Title("heads of keys and values").Text("KV"))
		for i := 0; i < h.Heads; i += h.Group {
			out = append(out, app.Span().Class("group").Style("grid-column", "span "+strconv.Itoa(h.Group)).
				Title(fmt.Sprintf("heads %d to %d read keys and values of head %d", i, i+h.Group-1, i/h.Group)).Text(i/h.Group))
		}
	}
	every := 1
	if h.Heads > 16 {
		every = max(h.Group, 4)
	}
	out = append(out, app.Span())
	for i := range h.Heads {
		text := ""
		if i%every == 0 {
			text = strconv.Itoa(i)
		}
		out = append(out, app.Span().Class(when(opens(h, i), "opens")).Text(text))
	}
	return out
}

// opens reports whether head i is the first of a group after another.
func opens(h *picture.Heads, i int) bool { return h.Group > 1 && i > 0 && i%h.Group == 0 }

func (g *HeadGrid) cell(h *picture.Heads, head picture.Head) app.UI {
	c := h.At(head)
	v := c.Value(g.Metric)
	text, value := "", "not known"
	if v >= 0 {
		value = HeadValue(c, g.Metric)
		if g.Zoomed || !many(h) && h.Layers <= 8 && h.Heads <= 12 {
			text = value
			if g.Metric == picture.Kind {
				text = picture.KindLetter(c.Kind)
			}
		}
	}
	// Put together by hand: a thousand are, each time that something comes.
	layer, index := strconv.Itoa(head.Layer), strconv.Itoa(head.Head)
	b := g.button(head, value).Aria("label", "layer "+layer+" head "+index+": "+metricTitles[g.Metric][0]+" "+value).Class(classes(when(v < 0, "none"), when(opens(h, head.Head), "opens")))
	if text != value {
		b.Title("L" + layer + "·" + index + ": " + value)
	}
	if v >= 0 {
		fill, ink := c.Fill(g.Metric)
		b.Style("--c", fill).Style("color", "var(--"+ink+")")
	}
	if c.Hit {
		return b.Body(app.Text(text), app.Span().Class("hit"))
	}
	return b.Body(app.Text(text))
}

// button shows a head, wherever it stands.
func (g *HeadGrid) button(head picture.Head, value string) app.HTMLButton {
	locked := g.Locked != nil && *g.Locked == head
	return app.Button().Type("button").
		Aria("pressed", strconv.FormatBool(locked)).
		DataSet("layer", head.Layer).
		DataSet("head", head.Head).
		DataSet("value", value).
		OnClick(g.onLock).
		OnMouseEnter(g.onLook).
		OnMouseLeave(g.onLeave).
		OnFocus(g.onLook).
		OnBlur(g.onLeave)
}

// HeadValue writes what a head is under a metric.
func HeadValue(c picture.HeadCell, m picture.Metric) string {
	if m == picture.Memory {
		return strconv.Itoa(c.MemoryLength)
	}
	if m == picture.Kind {
		return c.Kind
	}
	if m == picture.OutputError {
		return number.Share(c.Error)
	}
	return number.Share(c.Value(m))
}

// kindRow says what the heads are.
func kindRow(h *picture.Heads, head *picture.Head) app.UI {
	name, text := "retrieval heads", number.Unknown
	if head != nil {
		name = "kind"
	}
	switch {
	case !h.Has(picture.Kind):
	case head == nil:
		text = fmt.Sprintf("%d of %d", h.OfKind(figures.KindRetrieval), len(h.Cells))
	default:
		text = h.At(*head).Kind
	}
	return figure(name, "", text)
}

// kindWhy says why a head is of its kind.
func kindWhy(h *picture.Heads, head *picture.Head) app.UI {
	why := ""
	if h != nil && head != nil && h.Has(picture.Kind) {
		why = "not known"
		if c := h.At(*head); c.Attention != nil {
			share, least, about := figures.WhyKind(*c.Attention)
			kind := c.Kind
			if kind == figures.KindSpread {
				kind = "of another kind"
			}
			why = fmt.Sprintf("%s %s; %s from %s on", number.Decimals(share, 2), about, kind, number.Decimals(least, 2))
		}
	}
	return app.P().Class("why").DataSet("testid", "kind-why").Hidden(head == nil).Title(why).Text(why)
}

// ranking lists the heads by the metric.
func (g *HeadGrid) ranking(h *picture.Heads) app.UI {
	var rows []app.UI
	ranking := h.Ranking(g.Metric)
	for i, head := range ranking[:min(len(ranking), rankedHeads)] {
		c := h.At(head)
		v, value := max(c.Value(g.Metric), 0), "not known"
		if c.Value(g.Metric) >= 0 {
			value = HeadValue(c, g.Metric)
		}
		body := []app.UI{
			app.Span().Class("place").Text(i + 1),
			unseen("layer, head "),
			app.Span().Class("name").Text(fmt.Sprintf("L%d·%d", head.Layer, head.Head)),
			g.bar(c, v),
			app.Span().Text(value),
		}
		if c.Hit {
			body = append(body, app.Span().Class("hit"))
		}
		rows = append(rows, app.Li().Body(g.button(head, value).Body(body...)))
	}
	if rest := len(ranking) - rankedHeads; rest > 0 {
		rows = append(rows, app.Li().Class("quiet").Text(fmt.Sprintf("and %d lower ones", rest)))
	}
	return app.Ol().Class("ranking").
		Aria("label", "heads by "+metricTitles[g.Metric][1]+", the greatest first").
		DataSet("testid", "heads-"+g.ID).
		DataSet("metric", string(g.Metric)).
		DataSet("ranked", true).
		DataSet("locked", HeadName(g.Locked)).
		Body(rows...)
}

// bar is as long as a quantity; a kind, which is none, has a bar of its colour.
func (g *HeadGrid) bar(c picture.HeadCell, v float32) app.UI {
	if g.Metric != picture.Kind || c.Kind == "" {
		return meter(v)
	}
	fill, _ := c.Fill(g.Metric)
	return app.Span().Class("meter").Body(app.I().Style("width", "100%").Style("background", fill))
}

func (g *HeadGrid) onLock(ctx app.Context, _ app.Event) {
	if h, ok := headOf(ctx); ok {
		g.On.Do(state.Lock{Head: &h})
	}
}

func (g *HeadGrid) onLook(ctx app.Context, _ app.Event) {
	if h, ok := headOf(ctx); ok {
		g.On.Do(state.PreviewHead{Head: &h})
	}
}

func (g *HeadGrid) onLeave(app.Context, app.Event) { g.On.Do(state.PreviewHead{}) }

func headOf(ctx app.Context) (picture.Head, bool) {
	l, err1 := strconv.Atoi(dataset(ctx, "layer"))
	h, err2 := strconv.Atoi(dataset(ctx, "head"))
	return picture.Head{Layer: l, Head: h}, err1 == nil && err2 == nil
}

// HeadFigures sums up the heads, or one of them, in numbers.
type HeadFigures struct {
	app.Compo

	Heads *picture.Heads
	Head  *picture.Head // nil for all
	Lock  bool          // Head is locked, not just looked at
	Reads picture.Reads
	Rows  Rows // that any column has

	Against string // name of the column compared with, or ""
}

// Render writes the figures.
func (f *HeadFigures) Render() app.UI {
	h := f.Heads
	if h == nil {
		h = &picture.Heads{}
	}
	title, note := "All heads", ""
	hit, recall, mass := number.Unknown, number.Share(h.Mean(picture.Recall)), number.Share(h.Mean(picture.Mass))
	if n := len(h.Cells); n > 0 && h.Steps > 0 {
		note = "mean"
		if h.Mean(picture.Hit) >= 0 { // there is something to hit
			hit = fmt.Sprintf("%d of %d", h.Hits(), n)
		}
	}
	if f.Head != nil {
		c := h.At(*f.Head)
		title, note = fmt.Sprintf("Layer %d head %d", f.Head.Layer, f.Head.Head), ""
		if f.Lock {
			note = "locked"
		}
		recall, mass = number.Share(c.Recall), number.Share(c.Mass)
		if c.Golds > 0 {
			hit = fmt.Sprintf("%d of %d steps", c.Hits, c.Golds)
		}
	}
	rows := []app.UI{
		app.Div().Class("title").Body(app.Dt().Text(title), app.Dd().Class(classes("note quiet", when(f.Lock, "locked"))).Text(note)),
		figure("hit", "heads that read the answer block at every step", hit),
		figure("recall", "recall of the true top K", recall),
		figure("mass kept", "attention mass kept", mass),
		figure("cache read", "", readText(f.Reads)),
	}
	if f.Rows.OutputError {
		off := h.Mean(picture.OutputError)
		if f.Head != nil {
			off = h.At(*f.Head).Error
		}
		rows = append(rows, figure("output error", "how far the output is from that of dense attention, relative to it", number.OutputError(float64(off))))
	}
	if f.Rows.Kind {
		rows = append(rows, kindRow(h, f.Head))
	}
	if f.Rows.Memory {
		rows = append(rows, figure("memory", "", memoryText(h, f.Head)))
	}
	if f.Against != "" {
		common := h.Mean(picture.Jaccard)
		if f.Head != nil {
			common = h.At(*f.Head).Jaccard
		}
		rows = append(rows, app.Div().Body(app.Dt().Text("in common"), app.Dd().DataSet("testid", "jaccard").Text(number.Share(common))))
	}
	return app.Dl().Class("head-figures figures").Body(rows...)
}

// figure is a name and what is known under it.
func figure(name, about, value string) app.UI {
	return app.Div().Body(app.Dt().Title(about).Text(name), app.Dd().Text(value))
}

// readText is the share that was read, of nothing none.
func readText(r picture.Reads) string {
	if r.Present == 0 {
		return number.Unknown
	}
	return number.Percent(r.Fraction())
}

// memoryText is the effective memory length of a head, or the range over all.
func memoryText(h *picture.Heads, head *picture.Head) string {
	if !h.Has(picture.Memory) {
		return "none"
	}
	if head != nil {
		return number.Of(h.At(*head).MemoryLength, "token")
	}
	lo, hi := 0, 0
	for _, c := range h.Cells {
		if n := c.MemoryLength; n > 0 {
			if lo == 0 {
				lo = n
			}
			lo, hi = min(lo, n), max(hi, n)
		}
	}
	return number.Count(lo) + "–" + number.Count(hi) + " tokens"
}
