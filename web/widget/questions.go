package widget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/figures"
	"kvscope/web/state"
)

// Questions shows what the columns answer to several questions, and by what the cache that they
// were asked of is known to be the same.
func Questions(views []*ColumnView, s *state.Snapshot, on *Bus) app.UI {
	q := s.Questions
	box := app.Div().Class("seeds questions").DataSet("testid", "questions").DataSet("state", string(q.Phase))
	own, key := s.Form.Source == state.FromText, s.Form.Asks // asked without a button
	if own {
		key = s.Form.Key
	}
	if q.Phase == "" {
		keys, problem := s.Askable()
		return box.Hidden(len(keys) == 0 || own && problem == "").Body(
			app.Span().Class("quiet").DataSet("testid", "not-asked").Hidden(problem == "").Text(notAsked(keys, problem)),
			&Press{Label: fmt.Sprintf("ask for each of %d keys", len(keys)), Test: "ask-each", Hidden: problem != "", Do: state.AskEach{}, On: on,
				Title: "ask for each key by itself; where entries are evicted before the question, of one compressed cache"})
	}
	body := []app.UI{app.Div().Class("seeds-head").Body(
		app.B().Text("Several questions"), app.Span().Class("quiet").Aria("live", "polite").DataSet("testid", "asked-so-far").Text(answered(q)),
		&Press{Label: "close", Test: "questions-close", Title: "stop, and put the answers away", Hidden: own, Do: state.CloseQuestions{}, On: on})}
	for i, answers := range q.Answers {
		if i < len(views) {
			body = append(body, &QuestionList{Column: i, Name: strings.TrimSpace(views[i].Name + " " + views[i].How), Answers: answers, Of: len(q.Keys), Key: key, On: on})
		}
	}
	return box.Body(body...)
}

func notAsked(keys []string, problem string) string {
	if problem == "" {
		return ""
	}
	return fmt.Sprintf("%d questions of one cache: %s.", len(keys), problem)
}

// answered says how far the questions are.
func answered(q state.Questions) string {
	n := 0
	for _, answers := range q.Answers {
		n += len(answers)
	}
	said := fmt.Sprintf("%d of %d answers", n, len(q.Keys)*len(q.Requests))
	if q.Phase == state.Failed {
		said += ": " + q.Problem
	}
	return said
}

// QuestionList shows the answers of one column.
type QuestionList struct {
	app.Compo

	Column  int
	Name    string
	Answers []figures.Answered
	Of      int    // questions that are asked
	Key     string // asked for on the screen, alone
	On      *Bus
}

// Render lays out what the cache was and a line for each answer.
func (l *QuestionList) Render() app.UI {
	items := make([]app.UI, len(l.Answers))
	for i, a := range l.Answers {
		items[i] = l.answer(a)
	}
	said := ""
	if len(l.Answers) == l.Of {
		said = figures.AnswersOf(l.Answers).Evidence()
	}
	return app.Div().Class("seeds-column").DataSet("testid", "questions-"+strconv.Itoa(l.Column)).Body(
		app.P().Body(app.B().Text(l.Name+" "), app.Span().DataSet("testid", "evidence").Text(said)),
		app.Ul().Class("question-list").Aria("label", "answers of "+l.Name).Body(items...))
}

func (l *QuestionList) answer(a figures.Answered) app.UI {
	mark, about := "", "nothing expected"
	switch {
	case a.Score == nil:
	case *a.Score >= state.Right:
		mark, about = "right", "✓"
	default:
		mark, about = "wrong", "✗ expected "+strings.Join(a.Expected, ", ")
	}
	at := a.Key == strings.TrimSpace(l.Key)
	return app.Li().DataSet("key", a.Key).DataSet("state", mark).Body(
		app.Button().Type("button").Class(classes("button small mono", when(at, "at"))).Title("show this run").
			Aria("pressed", strconv.FormatBool(at)).DataSet("key", a.Key).OnClick(l.onKey, a.Key).Text(a.Key),
		app.Span().Class("mono").Text(strings.TrimSpace(a.Answer)), app.Span().Class(classes("score", mark)).Text(about))
}

func (l *QuestionList) onKey(ctx app.Context, _ app.Event) {
	l.On.Do(state.GoToQuestion{Key: dataset(ctx, "key")})
}
