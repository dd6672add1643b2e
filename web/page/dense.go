package page

import (
	"context"
	"errors"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/web/state"
)

// askDense runs a request of which only the score is of interest, beside the page.
func (e *Explorer) askDense(f state.AskDense) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	go func() {
		var end scoreSink
		err := e.engine.Run(ctx, f.Request, &end)
		if err == nil {
			err = end.err
		}
		if ctx.Err() == nil {
			e.later(state.DenseArrived{Gen: f.Gen, Request: f.Request, Score: end.score, Err: err})
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}()
}

// scoreSink keeps how a run ended.
type scoreSink struct {
	score float64
	err   error
}

// Emit takes note of the end.
func (s *scoreSink) Emit(e trace.Event) error {
	switch e := e.(type) {
	case *trace.Done:
		s.score = e.Score
	case *trace.Failure:
		s.err = errors.New(e.Message)
	}
	return nil
}
