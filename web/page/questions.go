package page

import (
	"context"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/figures"
	"kvscope/web/client"
	"kvscope/web/state"
)

// askQuestions asks one question after the other beside the page.
func (e *Explorer) askQuestions(f state.AskQuestions) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	go func(engine client.Engine) {
		err := e.answer(ctx, engine, f)
		if ctx.Err() == nil {
			e.later(state.QuestionsEnded{Gen: f.Gen, Err: err})
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}(e.engine)
}

func (e *Explorer) answer(ctx context.Context, engine client.Engine, f state.AskQuestions) error {
	for column, req := range f.Requests {
		for _, req.Key = range f.Keys {
			r, err := engine.Ask(ctx, req)
			if err != nil {
				return err
			}
			e.later(state.QuestionAnswered{Gen: f.Gen, Column: column, Answer: figures.Answered{Key: req.Key, Result: r}})
		}
	}
	return nil
}
