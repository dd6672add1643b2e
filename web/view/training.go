package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Training is how the column's model came to what it does: its loss, how it does on the
// task, and how many heads hold the needle, at the steps that its training kept. A slider
// runs the question at any of them.
func Training() View {
	return View{
		View: state.View{
			Name: "training", Title: "Training", About: "the model's training: loss, accuracy and the heads that hold the needle, at every step that was kept",
			Options: []state.Option{state.Flag(state.ApartOption), state.Flag(state.EveryOption)},
		},
		Saves: "png svg csv",
		Of: func(v *widget.ColumnView, _ *state.Snapshot) Picture {
			return newTraining(v)
		},
		By: func(v *widget.ColumnView, _ *state.Snapshot) any {
			if v.Training == nil {
				return trainingBy{}
			}
			return trainingBy{v.Training.Model, v.Training.At, v.Training.Learned}
		},
	}
}

type trainingBy struct {
	model       string
	at, learned int
}

type training struct {
	*state.Training
	task   string // whose held-out answers are shown, "" where it was not measured
	heads  int    // that the model has
	course *plot.Course
}

func newTraining(v *widget.ColumnView) *training {
	if v.Training == nil {
		return &training{}
	}
	h := v.Run.Header
	t := &training{Training: v.Training, heads: h.Layers * h.Heads}
	for _, p := range t.Points {
		if _, measured := p.Exact[h.Task]; measured {
			t.task = h.Task
		}
	}
	t.course = &plot.Course{Title: "the training of " + t.Model, At: t.At, Lanes: []plot.Lane{t.loss(), t.accuracy(), t.needles()}}
	for _, p := range t.Points {
		t.course.Ticks = append(t.course.Ticks, number.Count(p.Step))
	}
	return t
}

func (t *training) loss() plot.Lane {
	l := plot.Lane{Name: "loss", About: "cross-entropy of the next token, on what was trained on at that moment", Top: 1}
	var c plot.Curve
	for _, p := range t.Points {
		c.Values, l.Top = append(c.Values, p.Loss), max(l.Top, math.Ceil(p.Loss))
	}
	l.Curves, l.TopText = []plot.Curve{c}, number.Decimals(l.Top, 0)
	return l
}

func (t *training) accuracy() plot.Lane {
	exact, first := plot.Curve{}, plot.Curve{Dashed: true}
	for i := range t.Points {
		e, f := t.right(i)
		exact.Values, first.Values = append(exact.Values, e), append(first.Values, f)
	}
	l := plot.Lane{Name: "right, of " + t.task + ", held out", About: "dense accuracy on examples that were not trained on", Top: 1, TopText: "100%", Curves: []plot.Curve{exact, first}}
	if t.task == "" {
		l.Name, l.About = "right first tokens of values, in training", "share of the values' first tokens that were the first choice, on what was trained on at that moment"
	}
	return l
}

// right is the share of answers that were exact at a step and of first tokens of values that
// were right, NaN where it was not measured.
func (t *training) right(at int) (exact, first float64) {
	p := t.Points[at]
	if t.task == "" {
		return math.NaN(), p.First
	}
	exact, known := p.Exact[t.task]
	if !known {
		return math.NaN(), math.NaN()
	}
	return exact, p.FirstOf[t.task]
}

// needles counts the heads that hold the needle of the question on the screen, where that is
// known.
func (t *training) needles() plot.Lane {
	l := plot.Lane{Name: "heads that hold the needle of this question", About: "heads that read the answer block at every step, as the column reads the cache", Top: float64(max(1, t.heads)), TopText: strconv.Itoa(t.heads)}
	for i, a := range t.Answers {
		if a.Phase == state.Done {
			l.Bars = append(l.Bars, plot.Bar{Place: i, Value: float64(a.Holding()), Right: a.Score >= state.Right, About: t.words(i)})
		}
	}
	return l
}

// words say how the model did at a step.
func (t *training) words(at int) string {
	p := t.Points[at]
	parts := []string{"loss " + number.Decimals(p.Loss, 2)}
	switch exact, first := t.right(at); {
	case t.task == "":
		parts = append(parts, number.Percent(first)+" of first value tokens right in training")
	case math.IsNaN(exact):
		parts = append(parts, t.task+" not measured yet")
	default:
		parts = append(parts, number.Percent(exact)+" of "+t.task+" right, first tokens "+number.Percent(first))
	}
	if at < len(t.Answers) && t.Answers[at].Phase == state.Done {
		a := t.Answers[at]
		parts = append(parts, fmt.Sprintf("%d of %d heads hold the needle, the answer is %s right", a.Holding(), t.heads, number.Percent(a.Score)))
	}
	last := number.Count(t.Points[len(t.Points)-1].Step)
	return fmt.Sprintf("step %s of %s, %s tokens: %s", number.Count(p.Step), last, number.Amount(float64(p.Tokens)), strings.Join(parts, "; "))
}

// Draw lays out the slider, which low screens show without scrolling, and the course.
func (t *training) Draw(f *Frame) Drawn {
	if t.Training == nil {
		return Drawn{Body: message("The steps of this model's training are not here: kvscope serve has those of the demo models, and so has a site that kvscope export wrote with --snapshots.", "")}
	}
	said := t.words(t.At)
	s := f.State
	return Drawn{
		Body: app.Div().Class("training").DataSet("testid", "training-"+f.ID).DataSet("step", t.Points[t.At].Step).Body(
			&widget.StepSlider{ID: f.ID, Side: f.Side, Steps: len(t.Points), At: t.At, Label: "step of the training of " + t.Model, Text: said, On: f.On},
			app.P().Class("hint").Text(said),
			&widget.Drawing{ID: "course-" + f.ID, Class: "course", Label: t.course.Title + ", at " + said, Of: t.course}),
		Tools: []app.UI{
			&widget.Press{
				Label: "every step", Title: "ask this question at every step: from which on do heads hold its needle?", Test: "every-" + f.ID,
				Pressed: s.Option(state.EveryOption) != "", Hidden: len(t.Answers) == 0 || s.Engine.Apart, Do: state.Toggle{Name: state.EveryOption}, On: f.On,
			},
			&widget.Press{
				Label: "apart", Title: "each column has a slider of its own", Test: "apart-" + f.ID,
				Pressed: s.Option(state.ApartOption) != "", Hidden: s.Shown() < 2, Do: state.Toggle{Name: state.ApartOption}, On: f.On,
			},
		},
		Legend: t.legend(),
	}
}

func (t *training) legend() plot.Legend {
	out := plot.Legend{{Mark: plot.MarkCurve, Text: "loss; exact answers"}, {Mark: plot.MarkOtherCurve, Text: "first tokens of values"}}
	if t.task == "" {
		out[0].Text = "loss"
	}
	if len(t.course.Lanes[2].Bars) > 0 {
		out = append(out, plot.Key{Mark: plot.MarkRightStep, Text: "answered right"}, plot.Key{Mark: plot.MarkWrongStep, Text: "not"})
	}
	return out
}

// SVG is the course.
func (t *training) SVG(_ *Frame, title string) Saved {
	if t.Training == nil {
		return Saved{}
	}
	c := *t.course
	c.Legend = t.legend()
	return Saved{SVG: c.SVG(720, 420), Lines: []string{title + ": " + c.Title, t.words(t.At)}}
}

// Table lists the steps.
func (t *training) Table(*Frame) [][]string {
	if t.Training == nil {
		return nil
	}
	rows := [][]string{{"step", "tokens", "loss", "exact", "first_tokens", "heads_holding", "score"}}
	for i, p := range t.Points {
		exact, first := t.right(i)
		row := []string{strconv.Itoa(p.Step), strconv.Itoa(p.Tokens), plain(p.Loss), plain(exact), plain(first), "", ""}
		if i < len(t.Answers) && t.Answers[i].Phase == state.Done {
			row[5], row[6] = strconv.Itoa(t.Answers[i].Holding()), plain(t.Answers[i].Score)
		}
		rows = append(rows, row)
	}
	return rows
}

// plain writes a number as it is, nothing where it is not known.
func plain(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
