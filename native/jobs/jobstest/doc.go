// Package jobstest runs experiments in tests: a database, a queue and the dispatcher between
// them in a folder that goes with the test.
//
//	lab := jobstest.Open(t, engine.Models)
//	lab.Work(func(ctx context.Context, c experiment.Cell) (*experiment.Outcome, error) { return experiment.Measure(ctx, engine, c) })
package jobstest
