package widget

import (
	"fmt"
	"math"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/viz/number"
	"kvscope/viz/paint"
	"kvscope/viz/plot"
	"kvscope/web/state"
)

// GateMap shows the gates of a head's memory: positions across, channels down, dark
// where much of what was before is kept.
type GateMap struct {
	app.Compo

	ID    string
	Head  *lens.HeadTensors
	Entry int // position pointed out
	Block int // positions in a block
	Dark  bool
	Shown *Shown
	On    *Bus

	canvas canvas
	within int
}

// OnMount takes over the canvas.
func (g *GateMap) OnMount(ctx app.Context) {
	g.within = -1
	g.canvas.open(g.JSValue(),
		func() { ctx.Dispatch(func(app.Context) { g.paint() }) },
		func(x, _ float64, press, ok bool) { g.point(ctx, x, press, ok) })
}

// OnDismount lets the canvas go.
func (g *GateMap) OnDismount() { g.canvas.close() }

// OnUpdate paints what changed.
func (g *GateMap) OnUpdate(app.Context) { g.paint() }

func (g *GateMap) paint() {
	if g.Head == nil || !g.canvas.fit() {
		return
	}
	g.paintIn(g.Dark, false)
	if g.Shown != nil {
		g.Shown.canvas, g.Shown.dark, g.Shown.paint = g.canvas.element, g.Dark, g.paintIn
	}
}

// paintIn paints the gates in a set of colours.
func (g *GateMap) paintIn(dark, _ bool) {
	p := paletteOf(g.canvas.element, dark)
	paintGates(&g.canvas.Raster, g.Head, g.Entry, &p, g.canvas.scale)
	g.canvas.show()
}

// paintGates paints the mean gate of the positions and channels under each pixel, and
// marks an entry.
func paintGates(r *paint.Raster, h *lens.HeadTensors, entry int, p *paint.Palette, scale float64) {
	n := h.Len()
	table := p.Table()
	for y := range r.H {
		c0, c1 := y*h.Dim/r.H, max(y*h.Dim/r.H+1, (y+1)*h.Dim/r.H)
		for x := range r.W {
			t0, t1 := x*n/r.W, max(x*n/r.W+1, (x+1)*n/r.W)
			var sum float32
			for t := t0; t < t1; t++ {
				for _, v := range h.Gate[t*h.Dim+c0 : t*h.Dim+c1] {
					sum += v
				}
			}
			mean := sum / float32((t1-t0)*(c1-c0))
			copy(r.Pix[(y*r.W+x)*4:], table[int(min(max(mean, 0), 1)*255+0.5)][:])
		}
	}
	if entry >= 0 && entry < n {
		x := int((float64(entry) + 0.5) / float64(n) * float64(r.W))
		t := max(1, int(math.Round(scale)))
		r.Fill(x-3*t, 0, x+3*t, r.H, p.Ground)
		r.Fill(x-t, 0, x+t, r.H, p.Ink)
	}
}

func (g *GateMap) point(ctx app.Context, x float64, press, ok bool) {
	at := -1
	if ok && g.canvas.W > 0 {
		at = min(max(int(x/float64(g.canvas.W)*float64(g.Head.Len())), 0), g.Head.Len()-1)
	}
	if at == g.within && !press {
		return
	}
	g.within = at
	var do state.Action = state.Leave{}
	switch {
	case at >= 0 && press:
		do = state.ChooseToken{Token: at, Block: at / max(1, g.Block)}
	case at >= 0:
		do = state.PointToken{Token: at, Block: at / max(1, g.Block)}
	}
	ctx.Dispatch(func(app.Context) { g.On.Do(do) })
}

// Render makes the place of the canvas.
func (g *GateMap) Render() app.UI {
	n := 0
	if g.Head != nil {
		n = g.Head.Len()
	}
	return app.Div().Class("gates").DataSet("testid", "gates-"+g.ID).DataSet("positions", n).
		Attr("role", "img").Aria("label", fmt.Sprintf("gates of the memory at %d positions", n)).
		Body(app.Canvas().Attr("aria-hidden", "true"))
}

// KernelArcs shows what the cache entry of a position is made of: how much of each
// token's key and value sits in it.
type KernelArcs struct {
	app.Compo

	ID     string
	Kernel []float32 // [Entry+1]
	Entry  int
	Length int // effective, tokens
	Labels []string

	size size
}

// Arcs is the picture of a kernel as package plot draws it: four times its effective
// length, within what can be told apart.
func Arcs(kernel []float32, labels []string, length int) plot.Arcs {
	first := max(0, len(kernel)-min(max(4*length, 12), 64))
	a := plot.Arcs{Title: "what a cache entry is made of", First: first, Weights: kernel[first:]}
	for i := first; i < len(kernel) && i < len(labels); i++ {
		a.Labels = append(a.Labels, labels[i])
	}
	return a
}

// OnMount draws, now and whenever the place changes.
func (k *KernelArcs) OnMount(ctx app.Context) {
	k.size.follow(k.place(), func() { ctx.Dispatch(func(app.Context) { k.draw() }) })
}

// OnDismount stops listening.
func (k *KernelArcs) OnDismount() { k.size.leave() }

// OnUpdate draws what changed.
func (k *KernelArcs) OnUpdate(app.Context) { k.draw() }

func (k *KernelArcs) place() app.Value { return k.JSValue().Call("querySelector", ".arcs") }

func (k *KernelArcs) draw() {
	if !k.size.known() || len(k.Kernel) == 0 {
		return
	}
	at := k.size.plot()
	k.place().Set("innerHTML", Arcs(k.Kernel, k.Labels, k.Length).SVG(at[0], at[1]))
}

// Render writes the figures and makes the place of the arcs.
func (k *KernelArcs) Render() app.UI {
	own := float32(0)
	if n := len(k.Kernel); n > 0 {
		own = k.Kernel[n-1]
	}
	label := ""
	if k.Entry >= 0 && k.Entry < len(k.Labels) {
		label = " “" + strings.TrimSpace(k.Labels[k.Entry]) + "”"
	}
	return app.Div().Class("kernel").DataSet("testid", "kernel-"+k.ID).DataSet("entry", k.Entry).DataSet("length", k.Length).
		DataSet("own", number.Decimals(float64(own), 4)).
		Body(
			app.P().Class("hint").Text(fmt.Sprintf("Entry %d%s: %s its own token, 90%% from the last %s.",
				k.Entry, label, number.Percent(math.Max(0, float64(own))), number.Of(k.Length, "token"))),
			app.Div().Class("arcs").Attr("role", "img").Aria("label", "arcs from the entry to the tokens it carries"))
}
