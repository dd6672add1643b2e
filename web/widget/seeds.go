package widget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/engine/seeds"
	"kvscope/viz/number"
	"kvscope/web/state"
)

// Seeds says how the columns fare over many examples: how often each is right, beside
// everything read, which heads hold the needle most often, and a strip of the examples to
// go to.
func Seeds(views []*ColumnView, s *state.Snapshot, on *Bus) app.UI {
	m := s.Many
	box := app.Div().Class("seeds").DataSet("testid", "seeds").DataSet("state", string(m.Phase)).DataSet("count", len(m.Rows))
	if m.Phase == "" {
		return box.Hidden(!s.CanRepeat()).Body(
			&Press{Label: fmt.Sprintf("same over %d seeds", state.ManySeeds), Test: "repeat", Do: state.Repeat{}, On: on,
				Title: "ask this of the first " + strconv.Itoa(state.ManySeeds) + " examples of the task: is the one on the screen a rule?"})
	}
	said := fmt.Sprintf("%d of %d seeds", len(m.Rows), state.ManySeeds)
	if m.Phase == state.Failed {
		said += ": " + m.Problem
	}
	body := []app.UI{app.Div().Class("seeds-head").Body(
		app.B().Text("Over many seeds"), app.Span().Class("quiet").Aria("live", "polite").Text(said),
		&Press{Label: "close", Test: "seeds-close", Title: "stop, and put the examples away", Do: state.CloseSeeds{}, On: on})}
	for i := range m.Requests {
		if i < len(views) {
			body = append(body, &SeedStrip{Column: i, Name: strings.TrimSpace(views[i].Name + " " + views[i].How), Rows: m.Rows, Seed: s.Form.Seed, On: on})
		}
	}
	return box.Body(body...)
}

// SeedStrip is the examples of one column.
type SeedStrip struct {
	app.Compo

	Column int
	Name   string
	Rows   []seeds.Row
	Seed   string // of the example on the screen
	On     *Bus
}

// Render lays out the share and a mark for each example.
func (s *SeedStrip) Render() app.UI {
	share := seeds.ShareOf(s.Rows, s.Column)
	marks := make([]app.UI, len(s.Rows))
	for i, row := range s.Rows {
		a, seed := row.Answers[s.Column], strconv.FormatUint(row.Seed, 10)
		marks[i] = app.Button().Type("button").Class(classes("seed", markOf(a), when(seed == s.Seed, "at"))).
			Title("seed "+seed+": "+aboutAnswer(a)).Aria("label", "seed "+seed+", "+aboutAnswer(a)).
			TabIndex(map[bool]int{true: 0, false: -1}[seed == s.Seed || i == 0]).
			DataSet("seed", seed).OnClick(s.onSeed, seed).OnKeyDown(s.onKey, seed)
	}
	return app.Div().Class("seeds-column").DataSet("testid", "seeds-"+strconv.Itoa(s.Column)).Body(
		app.P().Body(app.B().Text(s.Name+" "), app.Text(aboutShare(share))),
		app.Div().Class("seed-strip").Attr("role", "group").Aria("label", "examples of "+s.Name).Body(marks...))
}

func (s *SeedStrip) onSeed(ctx app.Context, _ app.Event) {
	s.On.Do(state.GoToSeed{Seed: dataset(ctx, "seed")})
}

// onKey moves the keyboard along the strip.
func (s *SeedStrip) onKey(ctx app.Context, e app.Event) {
	to := map[string]string{"ArrowRight": "nextElementSibling", "ArrowLeft": "previousElementSibling"}[e.Get("key").String()]
	if to == "" {
		return
	}
	e.PreventDefault()
	e.Call("stopPropagation")
	if next := ctx.JSSrc().Get(to); next.Truthy() {
		next.Call("focus")
	}
}

func markOf(a seeds.Answer) string {
	switch {
	case a.Kept():
		return "right"
	case a.Knew():
		return "wrong"
	}
	return "unknown"
}

// aboutAnswer tells the method's fault from the model's.
func aboutAnswer(a seeds.Answer) string {
	switch {
	case a.Kept() && !a.Knew():
		return "right, and wrong with everything read"
	case a.Kept():
		return "right"
	case a.Knew():
		return "lost: right with everything read"
	}
	return "wrong with everything read too"
}

func aboutShare(s seeds.Share) string {
	if s.Seeds == 0 {
		return "waiting for the first"
	}
	low, high := experiment.Wilson(float64(s.Right)/float64(s.Seeds), s.Seeds)
	text := fmt.Sprintf("right in %d of %d (%s to %s), with everything read in %d; lost by the method %d", s.Right, s.Seeds, number.WholePercent(low), number.WholePercent(high), s.Dense, s.Lost)
	var heads []string
	for _, h := range s.Heads[:min(4, len(s.Heads))] {
		heads = append(heads, fmt.Sprintf("L%d·%d %s", h.Layer, h.Head, number.WholePercent(float64(h.Hits)/float64(s.Seeds))))
	}
	if len(heads) > 0 {
		text += ". Heads that held the needle most often: " + strings.Join(heads, ", ")
	}
	return text
}
