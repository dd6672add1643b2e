package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

// TestLargeExperimentLetsOthersWrite: while the cells of a large experiment are written,
// results are stored and another experiment is created, both before it is complete; and
// it is not seen before.
func TestLargeExperimentLetsOthersWrite(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	small := create(t, s, 2)
	const n = 30 * cellsAtOnce
	created := make(chan error, 1)
	go func() {
		_, err := s.Create(context.WithoutCancel(t.Context()), "large", experiment.Grid{}, cells(n))
		created <- err
	}()
	for written := 0; written == 0; {
		if err := s.db.QueryRow("SELECT count(*) FROM cell WHERE first_example > 100").Scan(&written); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(t.Context(), cells(1)[0], outcome(1), "w"); err != nil {
		t.Fatal(err)
	}
	second := create(t, s, 2)
	list, err := s.Experiments(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%d experiments while the third is written, want 2; %v", len(list), err)
	}
	select {
	case err := <-created:
		t.Fatalf("the large experiment was written first: %v", err)
	default:
	}
	if err := <-created; err != nil {
		t.Fatal(err)
	}
	list, err = s.Experiments(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d experiments, want 3; %v", len(list), err)
	}
	for _, e := range list {
		p, want := progress(t, s, e.ID), 2
		if e.ID != small.ID && e.ID != second.ID {
			want = n
		}
		if p.Cells != want || p.Done != 1 {
			t.Errorf("%s has %+v, want %d cells, one done", e.Name, p, want)
		}
	}
}

// TestCreateGivenUp: an experiment whose creator goes away leaves nothing behind, and one
// whose creator died is cleared away by the next.
func TestCreateGivenUp(t *testing.T) {
	s := open(t, "")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	go func() {
		for n := 0; n == 0; {
			if s.db.QueryRow("SELECT count(*) FROM experiment_cell").Scan(&n) != nil {
				break
			}
		}
		cancel(gone)
	}()
	if _, err := s.Create(ctx, "large", experiment.Grid{}, cells(20*cellsAtOnce)); err == nil {
		t.Error("created although its creator went away")
	}
	left := func() (n int) {
		if err := s.db.QueryRow("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM experiment_cell)").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := left(); n != 0 {
		t.Errorf("%d rows left behind", n)
	}
	if _, err := s.db.Exec(`INSERT INTO experiment VALUES ('dead', '', '{}', 'running', ?, 0)`, now()-2*abandoned.Milliseconds()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Experiment(t.Context(), "dead"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an experiment that is not complete is seen: %v", err)
	}
	create(t, s, 1)
	if n := left(); n != 2 {
		t.Errorf("%d rows, want those of the one experiment", n)
	}
}

// TestForgedOutcomesInTheFile: outcomes that were stored before they were checked, or were
// damaged since, are failures with a reason that new tries mend.
func TestForgedOutcomesInTheFile(t *testing.T) {
	s := open(t, "")
	list := cells(9)
	e, err := s.Create(t.Context(), "forged", experiment.Grid{}, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if err := s.Finish(t.Context(), c, outcome(1), "w"); err != nil {
			t.Fatal(err)
		}
	}
	for i, edit := range []string{
		`outcome = json_set(outcome, '$.scores', json('[]'))`,
		`outcome = json_set(outcome, '$.heads', 0)`,
		`outcome = json_set(outcome, '$.scores[1]', 1e308), score = 1e308`,
		`outcome = json_set(outcome, '$.layers', 2, '$.hits', json('[1,1,1,1]'))`,
		`outcome = json_set(outcome, '$.seconds', 1e308), seconds = 1e308`,
		`outcome = '"text"'`,
	} {
		if _, err := s.db.Exec("UPDATE cell SET "+edit+" WHERE key = ?", list[i+1].Key()); err != nil {
			t.Fatal(err)
		}
	}
	if p := progress(t, s, e.ID); p.Done != 9 || p.Seconds != 16 {
		t.Errorf("before anybody looks: %+v", p)
	}
	if mean, err := s.SecondsPerExample(t.Context(), "abc", "quest", 256); err != nil || mean != 0.2 {
		t.Errorf("%g seconds an example, %v", mean, err)
	}
	done, err := s.Measured(t.Context(), e.ID)
	if err != nil || len(done) != 3 {
		t.Fatalf("%d cells measured, want 3; %v", len(done), err)
	}
	if o, err := s.Outcome(t.Context(), list[1].Key()); o != nil || err != nil {
		t.Errorf("%+v, %v", o, err)
	}
	failures, err := s.Failures(t.Context(), e.ID)
	if err != nil || len(failures) != 6 {
		t.Fatalf("%+v, %v", failures, err)
	}
	for i, want := range []string{"scores: 0", "heads: 1 and 0", "scores: 1e+308", "2 layers of 2 heads", "seconds: 1e+308", "json"} {
		if got := failures[i].Error; !strings.Contains(got, "the stored result cannot be") || !strings.Contains(got, want) {
			t.Errorf("cell %d: %q, want %q", i+1, got, want)
		}
	}
	if err := s.SetState(t.Context(), e.ID, api.Running); err != nil {
		t.Fatal(err)
	}
	for _, c := range list[1:7] {
		if err := s.Finish(t.Context(), c, outcome(0.5), "w"); err != nil {
			t.Fatal(err)
		}
	}
	if done, err = s.Measured(t.Context(), e.ID); err != nil || len(done) != 9 {
		t.Errorf("%d cells measured after new tries; %v", len(done), err)
	}
}

// BenchmarkCreate writes the largest experiment there may be, and says how long the longest
// of the results waited that came in meanwhile.
func BenchmarkCreate(b *testing.B) {
	list := cells(experiment.MaxCells)
	for range b.N {
		s, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"))
		if err != nil {
			b.Fatal(err)
		}
		created := make(chan error, 1)
		go func() {
			_, err := s.Create(context.WithoutCancel(b.Context()), "large", experiment.Grid{}, list)
			created <- err
		}()
		var longest time.Duration
		for waiting := true; waiting; {
			started := time.Now()
			if err := s.Finish(b.Context(), list[0], outcome(1), "w"); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(started))
			select {
			case err := <-created:
				if err != nil {
					b.Fatal(err)
				}
				waiting = false
			case <-time.After(10 * time.Millisecond):
			}
		}
		b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-wait")
		s.Close()
	}
}
