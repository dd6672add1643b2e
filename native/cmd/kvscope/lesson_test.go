package main

import (
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/lesson"
	"kvscope/web/state"
)

// Everything that the lessons say of the shipped models is so: each step's runs are made,
// as the page would make them, and its claims put to them.
func TestLessonsSayWhatIsSo(t *testing.T) {
	if testing.Short() {
		t.Skip("hundred runs")
	}
	e, err := demoEngine()
	if err != nil {
		t.Fatal(err)
	}
	memory := map[string]bool{}
	for _, m := range e.Models() {
		memory[m.Name] = m.Memory
	}
	for _, l := range lesson.All() {
		for i, step := range l.Steps {
			t.Run(lesson.At{Lesson: l.ID, Step: i}.String(), func(t *testing.T) {
				form := state.ParseQuery(step.Query).Form
				runs := make([]*trace.Run, form.Columns())
				for side := range runs {
					req, problems := form.ColumnRequest(side, memory[form.Model(side)], 1024)
					if len(problems) > 0 {
						t.Fatalf("column %d: %v", side, problems)
					}
					runs[side] = answer(t, e, req)
				}
				for _, c := range step.Claims {
					if err := c.Check(runs); err != nil {
						t.Errorf("%T: %v", c, err)
					}
				}
				if t.Failed() {
					t.Logf("%s gold %v", step.Query, runs[0].Header.Gold)
				}
			})
		}
	}
}

func answer(t *testing.T, e *run.Engine, req run.Request) *trace.Run {
	t.Helper()
	r := &trace.Run{}
	if err := e.Run(t.Context(), req, r); err != nil {
		t.Fatal(err)
	}
	return r
}
