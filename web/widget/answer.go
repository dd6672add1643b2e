package widget

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// Answer shows the model's tokens, each below the one expected.
type Answer struct {
	app.Compo

	ID       string
	Expected []trace.Token
	Gold     []int // of Expected
	Steps    []*trace.Step
	Base     []*trace.Step // what the steps were before blocks were forced or dropped; nil when none are
	Step     int           // step looked at, or -1
	Room     int           // steps that there is room for at least
	First    int           // line of the block grid that step 0 is
	On       *Bus
}

// OnMount makes the tokens one stop of Tab.
func (a *Answer) OnMount(app.Context) { a.settle() }

// OnUpdate keeps it at the step looked at, and the keyboard with it, since the keys that
// go from line to line are the page's.
func (a *Answer) OnUpdate(app.Context) { a.settle() }

func (a *Answer) settle() {
	const items = ".token"
	root := a.JSValue()
	at := chosen(root)
	leaveOne(root, items, at)
	if focused := root.Call("querySelector", ":focus"); at.Truthy() && focused.Truthy() && !focused.Equal(at) {
		at.Call("focus")
	}
}

// Render lays out a button for each step.
func (a *Answer) Render() app.UI {
	n := max(len(a.Expected), len(a.Steps))
	key := []app.UI{app.Span().Text("expected"), app.Span().Text("answer")}
	if a.Base != nil {
		key = append(key, app.Span().Text("before"))
	}
	body := []app.UI{app.Div().Class("answer-key").Aria("hidden", "true").Body(key...)}
	for i := range n {
		body = append(body, a.token(i))
	}
	for range a.Room - n {
		body = append(body, app.Span().Class("room").Aria("hidden", "true").Body(app.Span().Text("…"), app.Span().Text("…")))
	}
	return app.Div().Class("answer").
		DataSet("testid", "answer-"+a.ID).
		Attr("role", "group").
		Aria("label", "answer, token by token").
		Body(body...)
}

func (a *Answer) token(i int) app.UI {
	want, got, state := "", "", ""
	if i < len(a.Expected) {
		want = picture.Label(a.Expected[i])
	}
	var more []app.UI
	if i < len(a.Steps) {
		s := a.Steps[i]
		got = picture.Label(s.Token)
		if want != "" {
			state = "wrong"
			if s.Correct {
				state = "right"
			}
		}
		more = alternatives(s, want)
	} else {
		state = "waiting"
		got = "·"
	}
	before, changed := "", false
	if i < len(a.Base) {
		before = picture.Label(a.Base[i].Token)
		changed = i < len(a.Steps) && a.Steps[i].Token != a.Base[i].Token
	}
	gold := i < len(a.Gold) && a.Gold[i] >= 0
	b := app.Button().Type("button").
		Class(classes("token", state, when(gold, "gold"), when(i%8 > 4, "late"))).
		DataSet("step", i).
		DataSet("state", state).
		OnClick(a.onStep)
	if i == a.Step {
		b.Aria("current", "step")
	}
	expected := ", expected "
	if want == "" {
		expected = ", nothing expected"
	}
	parts := []app.UI{
		unseen(fmt.Sprintf("step %d%s", i, expected)), app.Span().Class("want").Text(orBlank(want)),
		unseen(", answered "), app.Span().Class("got").Text(got), unseen(", " + state),
	}
	if a.Base != nil {
		parts = append(parts, unseen(", before "), app.Span().Class(classes("before", when(changed, "changed"))).Text(orBlank(before)))
	}
	return b.Body(append(parts, app.Span().Class("more").Aria("hidden", "true").Body(more...))...)
}

// unseen is text that is read out only.
func unseen(text string) app.UI { return app.Span().Class("unseen").Text(text) }

// orBlank keeps the height of a line without text.
func orBlank(s string) string {
	if s == "" {
		return "\u00a0"
	}
	return s
}

// alternatives lists what the model considered.
func alternatives(s *trace.Step, want string) []app.UI {
	var out []app.UI
	for _, alt := range s.Top {
		label := picture.Label(alt.Token)
		out = append(out,
			app.Em().Class(classes("mono", when(label == want, "is"))).Text(label),
			meter(alt.Prob),
			app.Em().Text(number.Percent(float64(alt.Prob))))
	}
	return out
}

// meter is a bar as long as a share.
func meter(v float32) app.UI {
	return app.Span().Class("meter").Body(app.I().Style("width", percentage(float64(v))))
}

func (a *Answer) onStep(ctx app.Context, _ app.Event) {
	if step, err := strconv.Atoi(dataset(ctx, "step")); err == nil {
		a.On.Do(state.GoTo{Line: a.First + step})
	}
}
