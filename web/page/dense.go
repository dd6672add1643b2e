package page

import (
	"context"
	"errors"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// askDense asks what a model answers with everything read, beside the page.
func (e *Explorer) askDense(f state.AskDense) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	go func() {
		arrived := state.DenseArrived{Gen: f.Gen, Request: f.Request}
		switch r, err := e.engine.Ask(ctx, f.Request); {
		case err != nil:
			arrived.Err = err
		case r.Score == nil:
			arrived.Err = errors.New("no score")
		default:
			arrived.Score = *r.Score
		}
		if ctx.Err() == nil {
			e.later(arrived)
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}()
}
