package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Memory is the gates of the locked head, and what one of its cache entries is made of.
func Memory() View {
	return View{
		View: state.View{
			Name: "memory", Title: "Memory", About: "the gates of the locked head, and what a cache entry carries", Needs: state.NeedsStates,
		},
		Saves: "png svg csv",
		Of: func(v *widget.ColumnView, s *state.Snapshot) Picture {
			return newMemory(v.HeadData.Head, s.Entry(v.Run))
		},
		By: func(v *widget.ColumnView, s *state.Snapshot) any {
			return memoryBy{v.HeadData.Head, s.Entry(v.Run)}
		},
	}
}

type memoryBy struct {
	head  *lens.HeadTensors
	entry int
}

type memory struct {
	memoryBy
	kernel []float32 // [entry+1], nil without gates
	length int       // effective, tokens
	shade  *picture.Strip
	steps  []lens.Recurrence // of the entry: the channels that keep least, middling and most
	shown  *widget.Shown     // the gates
}

func newMemory(h *lens.HeadTensors, entry int) *memory {
	m := &memory{memoryBy: memoryBy{h, entry}, shown: &widget.Shown{}}
	if h != nil && h.Gate != nil {
		m.kernel, m.length = h.MemoryKernel(entry), h.MemoryLength(entry)
		m.shade = kernelShade(m.kernel)
		m.steps = recurrences(h, entry)
	}
	return m
}

// recurrences are the memory's steps at an entry in three channels: of the smallest gate,
// of that in the middle and of the largest. None where the states are not known.
func recurrences(h *lens.HeadTensors, entry int) []lens.Recurrence {
	var all []lens.Recurrence
	for c := range h.Dim {
		if r, ok := h.Recurrence(entry, c); ok {
			all = append(all, r)
		}
	}
	if len(all) < 3 {
		return all
	}
	slices.SortStableFunc(all, func(a, b lens.Recurrence) int { return cmp.Compare(a.Gate, b.Gate) })
	return []lens.Recurrence{all[0], all[len(all)/2], all[len(all)-1]}
}

// sum writes a step of the memory with its numbers.
func sum(r lens.Recurrence) string {
	n := func(v float64) string { return number.Decimals(v, 3) }
	bracketed := func(v float64) string {
		if v < 0 {
			return "(" + n(v) + ")"
		}
		return n(v)
	}
	return fmt.Sprintf("%s = %s·%s + %s·%s", n(r.State), n(r.Gate), bracketed(r.Before), n(1-r.Gate), bracketed(r.Own))
}

// recurrence is the memory's step at the entry, as a rule and with the numbers put in.
func (m *memory) recurrence() app.UI {
	rows := []app.UI{app.Dt().Text("k̃ₜ ="), app.Dd().Text("g·k̃ₜ₋₁ + (1 − g)·kₜ, before the rotation")}
	for _, r := range m.steps {
		rows = append(rows, app.Dt().Text(fmt.Sprintf("channel %d", r.Channel)), app.Dd().Text(sum(r)))
	}
	return app.Dl().Class("recurrence").DataSet("testid", "recurrence").Hidden(len(m.steps) == 0).Body(rows...)
}

// kernelShade shades the prompt by what sits in an entry.
func kernelShade(kernel []float32) *picture.Strip {
	out := &picture.Strip{Unit: 1, Values: make([]float32, len(kernel))}
	for i, w := range kernel {
		out.Values[i] = w
		out.Top = max(out.Top, w)
	}
	for i := range out.Values {
		if out.Top > 0 {
			out.Values[i] /= out.Top
		}
	}
	return out
}

// Draw lays out the gates, the arcs and the prompt.
func (m *memory) Draw(f *Frame) Drawn {
	v, s := f.Column, f.State
	switch h := v.Run.Header; {
	case h.HasMemory():
	case h.Arch == "":
		return Drawn{Body: message("Nothing is known of a memory.", "The file holds attention maps alone.")}
	default:
		return Drawn{Body: message("This model has no memory.", "Each cache entry is the key and value of its own token.")}
	}
	if stand := missing(f); stand != nil {
		return Drawn{Body: stand}
	}
	if m.kernel == nil {
		return Drawn{Body: message("There are no gates here.", "They were not kept with this head.")}
	}
	return Drawn{Body: app.Div().Class("memory").DataSet("testid", "memory-"+f.ID).DataSet("entry", m.entry).DataSet("length", m.length).Body(
		&widget.GateMap{ID: f.ID, Head: m.head, Entry: m.entry, Dark: s.IsDark(), Shown: m.shown, On: f.On, Block: v.Run.Block()},
		&widget.Legend{Of: "gates-" + f.ID, Keys: widget.GateLegend()},
		&widget.KernelArcs{ID: f.ID, Kernel: m.kernel, Entry: m.entry, Labels: v.Run.Pieces(), Length: m.length},
		&widget.Legend{Of: "kernel-" + f.ID, Keys: widget.ArcsLegend(m.shade.Top)},
		m.recurrence(),
		&widget.Strip{ID: f.ID, Name: v.Name, Header: v.Run.Header, Shade: m.shade, Block: s.Pointed(), Gold: m.entry, Show: f.Show, Tokens: true, On: f.On})}
}

// SVG is the gates over what the entry is made of.
func (m *memory) SVG(f *Frame, title string) Saved {
	if m.kernel == nil {
		return Saved{}
	}
	const w, h = 900.0, 240.0
	a := widget.Arcs(m.kernel, f.Column.Run.Pieces(), m.length)
	a.Legend = widget.ArcsLegend(0)
	arcs := plot.Part{SVG: a.SVG(w, h), W: w, H: h}
	href, _, _, _ := m.shown.Image(f.State.SavesDark())
	if href == "" {
		return Saved{SVG: arcs.SVG}
	}
	gates := plot.Picture{
		Title: title + fmt.Sprintf(": gates, and what entry %d is made of", m.entry), Href: href,
		W: w - 74, H: 120, X0: "0", X1: strconv.Itoa(m.head.Len() - 1), XName: "position", YName: "channel", Legend: widget.GateLegend(),
	}
	return Saved{SVG: plot.Stack(gates.Title, plot.Part{SVG: gates.SVG(), W: w, H: gates.Height()}, arcs)}
}

// Table lists the positions: how much of each is in the entry, and its mean gate.
func (m *memory) Table(f *Frame) [][]string {
	if m.kernel == nil {
		return nil
	}
	tokens := f.Column.Run.Header.Tokens
	rows := [][]string{{"position", "token", "weight_in_entry_" + strconv.Itoa(m.entry), "mean_gate"}}
	for p := range m.head.Len() {
		var gate, weight float32
		for _, g := range m.head.Gate[p*m.head.Dim : (p+1)*m.head.Dim] {
			gate += g / float32(m.head.Dim)
		}
		if p < len(m.kernel) {
			weight = m.kernel[p]
		}
		text := ""
		if p < len(tokens) {
			text = tokens[p].Text
		}
		rows = append(rows, []string{strconv.Itoa(p), text, exact(weight), exact(gate)})
	}
	return rows
}
