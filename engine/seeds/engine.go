package seeds

import (
	"context"
	"fmt"

	"kvscope/engine/figures"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// Runner runs requests; *run.Engine does.
type Runner interface {
	Run(ctx context.Context, req run.Request, sink trace.Sink) error
}

// Engine asks a Runner of this process.
type Engine struct{ Runner Runner }

// Ask implements Asker.
func (e Engine) Ask(ctx context.Context, req run.Request) (figures.Result, error) {
	var record trace.Run
	if err := e.Runner.Run(ctx, req, &record); err != nil {
		return figures.Result{}, err
	}
	r, ok := figures.ResultOf(&record)
	if !ok {
		return r, fmt.Errorf("the run of seed %d on %s did not finish", req.Seed, req.Model)
	}
	return r, nil
}
