package main

import (
	"testing"

	"kvscope/engine/model/modeltest"
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
	for _, l := range lesson.All() {
		for i, step := range l.Steps {
			t.Run(lesson.At{Lesson: l.ID, Step: i}.String(), func(t *testing.T) { claimed(t, e, step.Query, step.Claims) })
		}
	}
}

// Prepared examples show what they are there for.
func TestPreparedExamples(t *testing.T) {
	e, err := demoEngine()
	if err != nil {
		t.Fatal(err)
	}
	demo := lesson.PreparedFor(e.Models())
	for _, p := range demo {
		claimed(t, e, p.Query, p.Claims)
	}
	t.Run("pretrained", func(t *testing.T) {
		if testing.Short() {
			t.Skip("reads six prompts through 135 million weights; run without -short")
		}
		path := modeltest.SmolLM2(t)
		for _, name := range []string{path, path + "+control", path + "+memory"} {
			if err := openServed(e, name, ""); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range lesson.PreparedFor(e.Models())[len(demo):] {
			claimed(t, e, p.Query, p.Claims)
		}
	})
}

// claimed makes the runs of an address, as the page would, and puts claims to them.
func claimed(t *testing.T, e *run.Engine, query string, claims []lesson.Claim) {
	t.Helper()
	memory := map[string]bool{}
	for _, m := range e.Models() {
		memory[m.Name] = m.Memory
	}
	form := state.ParseQuery(query).Form
	runs := make([]*trace.Run, form.Columns())
	for side := range runs {
		req, problems := form.ColumnRequest(side, memory[form.Model(side)], 1024)
		if len(problems) > 0 {
			t.Fatalf("%s: column %d: %v", query, side, problems)
		}
		runs[side] = answer(t, e, req)
	}
	for _, c := range claims {
		if err := c.Check(runs); err != nil {
			t.Errorf("%s: %T: %v, gold %v", query, c, err, runs[0].Header.Gold)
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
