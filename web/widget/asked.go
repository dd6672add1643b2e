package widget

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/viz/number"
)

// Asked says what the runs on the screen were asked and what is expected: one line for
// columns of the same prompt, one for each prompt where they differ.
func Asked(views []*ColumnView) app.UI {
	var lines []app.UI
	var told []*trace.Header
	same := func(h *trace.Header) func(*trace.Header) bool {
		return func(o *trace.Header) bool {
			return o.Task == h.Task && o.Seed == h.Seed && o.Question == h.Question && slices.Equal(o.Expected, h.Expected)
		}
	}
	for _, v := range views {
		if v.Run == nil || v.Run.Header == nil || v.Run.Header.Method == "" {
			continue
		}
		if h := v.Run.Header; !slices.ContainsFunc(told, same(h)) {
			told = append(told, h)
			lines = append(lines, askedLine(h))
		}
	}
	return app.Div().Class("question-bar").DataSet("part", "question").DataSet("testid", "asked").Hidden(len(lines) == 0).Body(lines...)
}

func askedLine(h *trace.Header) app.UI {
	question, expected := h.Question, "expected "+strings.Join(h.Expected, ", ")
	switch {
	case h.Arch == run.ArchCapture:
		question = "The method is replayed on them; how they were read stands below the column’s model."
	case h.Task == niah.PromptID:
		question = "continue the text as it stands"
	case question == "":
		question = "The question is at the end of the prompt."
	}
	if len(h.Expected) == 0 {
		expected = "no answer expected, not scored"
	}
	if h.Cut != nil {
		expected += fmt.Sprintf("; your text has %s tokens, the first %s fit", number.Count(h.Cut.Tokens), number.Count(h.Cut.Kept))
	}
	if h.Note != "" {
		expected += ": " + h.Note
	}
	return app.P().Title(question).Body(
		app.B().Text(h.Asked()), app.Span().Class("question").Text(question), app.Span().Class("expected").Text(expected))
}
