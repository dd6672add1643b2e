package page

import (
	"context"
	"errors"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/client"
	"kvscope/web/state"
)

// ask asks for the answer to a request, beside the page.
func (e *Explorer) ask(f state.AskAnswer) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	go func(engine client.Engine) {
		arrived := state.AnswerArrived{Gen: f.Gen, Request: f.Request}
		switch r, err := engine.Ask(ctx, f.Request); {
		case err != nil:
			arrived.Err = err
		case r.Score == nil:
			arrived.Err = errors.New("no score")
		default:
			arrived.Score, arrived.Hits = *r.Score, r.Heads
		}
		if ctx.Err() == nil {
			e.later(arrived)
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}(e.engine)
}
