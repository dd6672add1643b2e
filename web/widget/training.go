package widget

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// StepSlider goes through the steps of a training.
type StepSlider struct {
	app.Compo

	ID    string
	Side  int
	Steps int
	At    int
	Label string // what it goes through
	Text  string // where it stands, in words
	On    *Bus
}

// Render lays out the slider, whose places stand above those of the picture.
func (s *StepSlider) Render() app.UI {
	return app.Div().Class("step-slider track").Style("--n", strconv.Itoa(max(1, s.Steps))).Body(
		app.Input().Type("range").Min(0).Max(max(s.Steps-1, 1)).Step(1).
			Aria("label", s.Label).Aria("valuetext", s.Text).
			DataSet("testid", "steps-"+s.ID).OnInput(s.onScrub, s.Side))
}

// OnMount puts the slider in its place.
func (s *StepSlider) OnMount(app.Context) { s.slide() }

// OnUpdate puts the slider in its place.
func (s *StepSlider) OnUpdate(app.Context) { s.slide() }

// slide moves the slider to the step, unless a hand is on it.
func (s *StepSlider) slide() {
	if el := s.JSValue().Call("querySelector", "input"); !el.Call("matches", ":active").Bool() {
		el.Set("value", s.At)
	}
}

func (s *StepSlider) onScrub(ctx app.Context, _ app.Event) {
	if at, err := strconv.Atoi(ctx.JSSrc().Get("value").String()); err == nil {
		s.On.Do(state.Scrub{Side: s.Side, At: at})
	}
}
