package widget

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/state"
)

// Timeline moves through the lines made so far, also while more arrive.
type Timeline struct {
	app.Compo

	Lines   int // made so far
	Planned int
	Cursor  int        // or -1
	Lanes   [][]string // state of each line of each column: "right", "wrong", "seen"
	Label   string
	Playing bool
	Speed   state.Speed
	On      *Bus
}

// Render lays out buttons, slider and lanes.
func (t *Timeline) Render() app.UI {
	play, name := iconPlay, "play"
	if t.Playing {
		play, name = iconPause, "pause"
	}
	none := t.Lines == 0
	scrubber := app.Input().Type("range").
		Min(0).Max(max(t.Planned-1, 1)).Step(1).
		Disabled(none).
		Aria("label", "step shown").
		Aria("valuetext", t.Label).
		DataSet("testid", "scrubber").
		OnInput(t.onScrub)
	if t.On.still() {
		scrubber.Value(max(t.Cursor, 0))
	}
	return app.Div().Class("timeline").DataSet("testid", "timeline").DataSet("lines", t.Lines).DataSet("line", t.Cursor).Body(
		app.Div().Class("buttons").Body(
			t.button(iconBack, "previous step", t.onBack, none || t.Cursor <= 0),
			t.button(play, name, t.onPlay, none),
			t.button(iconOn, "next step", t.onOn, none || t.Cursor >= t.Lines-1),
			t.speeds(),
		),
		app.Div().Class("track").Style("--n", strconv.Itoa(max(1, t.Planned))).Body(
			app.Div().Class("lanes").Aria("hidden", "true").Body(t.lanes()...),
			scrubber,
		),
		app.Div().Class("timeline-end").Body(
			app.Output().Text(t.Label),
			&Legend{Of: "timeline", Keys: TimelineLegend()}),
	)
}

func (t *Timeline) button(icon, name string, do app.EventHandler, disabled bool) app.UI {
	return app.Button().Type("button").Class("button icon small").Aria("label", name).Title(name).
		Disabled(disabled).OnClick(do, name).Body(app.Raw(icon))
}

// speeds chooses how fast it plays.
func (t *Timeline) speeds() app.UI {
	var options []app.UI
	for _, s := range state.Speeds() {
		options = append(options, app.Option().Value(string(s)).Selected(s == t.Speed).Text("×"+number.Fraction(string(s))))
	}
	return app.Select().Class("input speed").Aria("label", "speed").Title("speed ([ and ])").DataSet("testid", "speed").
		OnChange(t.onSpeed).Body(options...)
}

func (t *Timeline) onSpeed(ctx app.Context, _ app.Event) {
	t.On.Do(state.PlayAt{Speed: state.Speed(ctx.JSSrc().Get("value").String())})
}

func (t *Timeline) lanes() []app.UI {
	out := make([]app.UI, t.Planned)
	for i := range out {
		var rows []app.UI
		for _, lane := range t.Lanes {
			class := ""
			if i < len(lane) {
				class = lane[i]
			}
			rows = append(rows, app.B().Class(class))
		}
		out[i] = app.I().Class(when(i == t.Cursor, "at")).Body(rows...)
	}
	return out
}

// OnMount puts the slider in its place.
func (t *Timeline) OnMount(app.Context) { t.slide() }

// OnUpdate puts the slider in its place.
func (t *Timeline) OnUpdate(app.Context) { t.slide() }

// slide moves the slider to the cursor, unless a hand is on it.
func (t *Timeline) slide() {
	el := t.JSValue().Call("querySelector", "input")
	if !el.Call("matches", ":active").Bool() {
		el.Set("value", max(t.Cursor, 0))
	}
	t.JSValue().Call("querySelector", "select").Set("value", string(t.Speed))
}

func (t *Timeline) onBack(app.Context, app.Event) { t.On.Do(state.Step{By: -1}) }
func (t *Timeline) onOn(app.Context, app.Event)   { t.On.Do(state.Step{By: 1}) }
func (t *Timeline) onPlay(app.Context, app.Event) { t.On.Do(state.TogglePlay{}) }

func (t *Timeline) onScrub(ctx app.Context, _ app.Event) {
	if line, err := strconv.Atoi(ctx.JSSrc().Get("value").String()); err == nil {
		t.On.Do(state.GoTo{Line: min(line, t.Lines-1)})
	}
}

// TimelineLabel says where the timeline stands.
func TimelineLabel(line, lines int, label LineLabel) string {
	if lines == 0 {
		return "nothing to show yet"
	}
	return fmt.Sprintf("%d of %d · %s", line+1, lines, label.About)
}
