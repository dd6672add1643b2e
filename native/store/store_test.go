package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

func cells(n int) []experiment.Cell {
	out := make([]experiment.Cell, n)
	for i := range out {
		out[i] = experiment.Cell{
			Model: "ratplus", ModelHash: "abc", Task: "MK-1", Method: "quest", Selector: "own",
			Params: `{"budget":"1/4"}`, Context: 256, First: 10 * i, Examples: 10, Version: "1", SelectorSeed: 1<<64 - 1,
		}
	}
	return out
}

func outcome(score float64) *experiment.Outcome {
	o := &experiment.Outcome{Kernels: "plain", Layers: 1, Heads: 2, Hits: []int{3, 4}, Scores: make([]float64, 10), Depths: make([]float64, 10), Seconds: 2}
	o.Scores[0], o.Scores[1] = score, 1
	return o
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func create(t *testing.T, s *Store, n int) api.Experiment {
	t.Helper()
	e, err := s.Create(t.Context(), "first", experiment.Grid{Models: []string{"ratplus"}, Examples: 10 * n}, cells(n))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func progress(t *testing.T, s *Store, id string) api.Progress {
	t.Helper()
	p, err := s.Progress(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExperimentSurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "kvscope.db")
	s := open(t, path)
	e := create(t, s, 3)
	if err := s.Finish(t.Context(), cells(3)[1], outcome(0.5), "w"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetState(t.Context(), e.ID, api.Paused); err != nil {
		t.Fatal(err)
	}
	s.Close()

	s = open(t, path)
	list, err := s.Experiments(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if got := list[0]; got.ID != e.ID || got.State != api.Paused || got.Grid.Examples != 30 || !got.Created.Equal(e.Created) {
		t.Errorf("got %+v, want %+v", got, e)
	}
	want := api.Progress{Cells: 3, Done: 1, Examples: 30, ExamplesDone: 10, Seconds: 2}
	if got := progress(t, s, e.ID); got != want || got.Over() {
		t.Errorf("progress %+v, want %+v", got, want)
	}
	pending, err := s.Pending(t.Context(), e.ID, 10)
	if err != nil || len(pending) != 2 || pending[0] != cells(3)[0] || pending[1] != cells(3)[2] {
		t.Errorf("pending %+v, %v", pending, err)
	}
	done, err := s.Measured(t.Context(), e.ID)
	if err != nil || len(done) != 1 || done[0].Cell != cells(3)[1] || done[0].Outcome.Hits[1] != 4 {
		t.Errorf("measured %+v, %v", done, err)
	}
}

// TestAModelOfTwoNames: an experiment calls a model as it was asked to, whoever had its cells
// computed first under another name.
func TestAModelOfTwoNames(t *testing.T) {
	s := open(t, "")
	first := create(t, s, 3)
	named := cells(3)
	for i := range named {
		named[i].Model = "data/ratplus.safetensors"
	}
	second, err := s.Create(t.Context(), "second", experiment.Grid{Models: []string{"data/ratplus.safetensors"}, Examples: 30}, named)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(t.Context(), cells(3)[0], outcome(1), "w"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fail(t.Context(), named[1].Key(), "try", "killed", "w", true); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{first.ID: "ratplus", second.ID: "data/ratplus.safetensors"} {
		done, err1 := s.Measured(t.Context(), id)
		pending, err2 := s.Pending(t.Context(), id, 10)
		failed, err3 := s.Failures(t.Context(), id)
		if err := errors.Join(err1, err2, err3); err != nil || len(done) != 1 || len(pending) != 1 || len(failed) != 1 {
			t.Fatalf("%v, %v, %v, %v", done, pending, failed, err)
		}
		if done[0].Cell.Model != want || pending[0].Model != want || failed[0].Cell.Model != want {
			t.Errorf("%q, %q and %q, want %q", done[0].Cell.Model, pending[0].Model, failed[0].Cell.Model, want)
		}
	}
}

func TestFinishingTwiceCountsOnce(t *testing.T) {
	s := open(t, "")
	e := create(t, s, 2)
	for _, score := range []float64{1, 0} {
		if err := s.Finish(t.Context(), cells(1)[0], outcome(score), "w"); err != nil {
			t.Fatal(err)
		}
	}
	if over, err := s.Fail(t.Context(), cells(1)[0].Key(), "late", "killed", "w", true); err != nil || !over {
		t.Errorf("a failure after the outcome: %v %v", over, err)
	}
	if p := progress(t, s, e.ID); p.Done != 1 || p.Failed != 0 || p.Seconds != 2 {
		t.Errorf("%+v", p)
	}
	o, err := s.Outcome(t.Context(), cells(1)[0].Key())
	if err != nil || o.Scores[0] != 1 {
		t.Errorf("the later outcome won: %+v %v", o, err)
	}
}

func TestCellsAreSharedByExperiments(t *testing.T) {
	s := open(t, "")
	create(t, s, 2)
	if err := s.Finish(t.Context(), cells(1)[0], outcome(1), "w"); err != nil {
		t.Fatal(err)
	}
	second := create(t, s, 4)
	if p := progress(t, s, second.ID); p.Done != 1 || p.Cells != 4 {
		t.Errorf("%+v", p)
	}
	if err := s.Remove(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Outcome(t.Context(), cells(1)[0].Key()); o == nil {
		t.Errorf("the outcome went with the experiment: %v", err)
	}
	if _, err := s.Experiment(t.Context(), second.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed, and yet %v", err)
	}
	known, err := s.Computed(t.Context(), []string{cells(1)[0].Key(), "other"})
	if err != nil || len(known) != 1 {
		t.Errorf("%v %v", known, err)
	}
	if mean, err := s.SecondsPerExample(t.Context(), "abc", "quest", 256); err != nil || mean != 0.2 {
		t.Errorf("%g %v", mean, err)
	}
}

// TestFailedStays: a cell that has failed for good is not tried again for a failure that
// comes late.
func TestFailedStays(t *testing.T) {
	s := open(t, "")
	e := create(t, s, 2)
	key := cells(1)[0].Key()
	for _, try := range []struct {
		message string
		fatal   bool
	}{{"its worker died", true}, {"out of range", false}} {
		if over, err := s.Fail(t.Context(), key, try.message, try.message, "w", try.fatal); err != nil || !over {
			t.Errorf("%s: over %v, %v", try.message, over, err)
		}
	}
	fails, err := s.Failures(t.Context(), e.ID)
	if err != nil || len(fails) != 1 || fails[0].Error != "its worker died" {
		t.Errorf("%+v %v", fails, err)
	}
}

func TestThreeTries(t *testing.T) {
	s := open(t, "")
	e := create(t, s, 2)
	key := cells(1)[0].Key()
	for i, try := range []string{"a", "a", "b", "c"} {
		over, err := s.Fail(t.Context(), key, try, "out of range", "w", false)
		if err != nil || over != (i == 3) {
			t.Fatalf("try %d: over %v, %v", i, over, err)
		}
	}
	fails, err := s.Failures(t.Context(), e.ID)
	if err != nil || len(fails) != 1 || fails[0].Error != "out of range" || fails[0].Tries != 3 {
		t.Errorf("%+v %v", fails, err)
	}
	if p := progress(t, s, e.ID); p.Failed != 1 {
		t.Errorf("%+v", p)
	}
	// Resumed, it gets new tries.
	if err := s.SetState(t.Context(), e.ID, api.Running); err != nil {
		t.Fatal(err)
	}
	if over, err := s.Fail(t.Context(), key, "d", "again", "w", false); err != nil || over {
		t.Errorf("first of the new tries: %v %v", over, err)
	}
	// An outcome after failures stands.
	if err := s.Finish(t.Context(), cells(1)[0], outcome(1), "w"); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, s, e.ID); p.Failed != 0 || p.Done != 1 {
		t.Errorf("%+v", p)
	}
}

func TestUnknownExperiment(t *testing.T) {
	s := open(t, "")
	if err := s.SetState(t.Context(), "none", api.Paused); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestBackup(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	e := create(t, s, 2)
	copied := filepath.Join(t.TempDir(), "b.db")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if p := progress(t, open(t, copied), e.ID); p.Cells != 2 {
		t.Errorf("%+v", p)
	}
	if err := s.Backup(t.Context(), copied); err == nil {
		t.Error("a backup over a file that is there")
	}
}

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s := open(t, path)
	var mode string
	var version int
	if err := s.db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %s, %v", mode, err)
	}
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != len(migrations) {
		t.Errorf("user_version %d, %v", version, err)
	}
	s.Close()
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("a newer file: %v", err)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock.db")
	unlock, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(t.Context(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	unlock, err = Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

// first makes a file as the first schema had it, with one computed cell.
func first(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{migrations[0].sql, "PRAGMA user_version = 1", `
		INSERT INTO experiment VALUES ('e', 'old', '{"examples": 2}', 'running', 0);
		INSERT INTO cell VALUES ('k', 'ratplus', 'abc', 'MK-1', 'quest', 'own', 3, 0.25, 16, 0, 256, 10, 2, '1', 'done', '', 1, 0.5, 'plain', 'w', 0,
			'{"layers": 2, "heads": 2, "block": 16, "scores": [1, 0.5], "depths": [0.25, 0.75], "hits": [1, 0, 2, 0]}');
		INSERT INTO cell VALUES ('w', 'ratplus', 'abc', 'MK-1', 'snapkv', 'own', 0, 0.125, 0, 16, 256, 0, 10, '1', 'failed', 'out of memory', NULL, NULL, NULL, 'w', 0, NULL);
		INSERT INTO cell VALUES ('d', 'ratplus', 'abc', 'MK-1', 'quest', 'own', 3, 0.25, 0, 0, 256, 10, 2, '1', 'pending', '', NULL, NULL, NULL, NULL, NULL, NULL);
		INSERT INTO failure VALUES ('w', 'a', 'out of memory', 'w', 0);
		INSERT INTO experiment_cell VALUES ('e', 0, 'k'), ('e', 1, 'w');
		INSERT INTO experiment VALUES ('f', 'older still', '{"methods": ["quest"], "budgets": ["1/4"], "blocks": [16], "window": 64, "examples": 2}', 'paused', 0);
		INSERT INTO experiment_cell VALUES ('f', 0, 'd');`} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMigration: a file of the first schema keeps what it holds, and a copy from
// before stays beside it.
func TestMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first(t, path)
	s := open(t, path)
	done, err := s.Measured(t.Context(), "e")
	if err != nil || len(done) != 1 || done[0].Cell.Swap != (experiment.Swap{}) || done[0].Outcome.Hits[2] != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	// Under its new key it is the cell that a grid of today asks for.
	c := done[0].Cell
	if c.Params != `{"budget":"1/4"}` || c.SelectorSeed != 3 {
		t.Errorf("%+v", c)
	}
	if o, err := s.Outcome(t.Context(), c.Key()); o == nil {
		t.Errorf("nothing under the new key: %v", err)
	}
	fails, err := s.Failures(t.Context(), "e")
	if err != nil || len(fails) != 1 || fails[0].Tries != 1 || fails[0].Cell.Params != `{"budget":"1/8","window":16}` {
		t.Errorf("failures %+v, %v", fails, err)
	}
	// The same cell written without its default was another: now the computed one is both.
	if p := progress(t, s, "f"); p.Cells != 1 || p.Done != 1 {
		t.Errorf("%+v", p)
	}
	e, err := s.Experiment(t.Context(), "f")
	if err != nil || e.Grid.Params["window"][0] != "64" || e.Grid.Params["block"][0] != "16" || e.Grid.Params["budget"][0] != "1/4" {
		t.Errorf("%+v, %v", e.Grid, err)
	}
	old, err := sql.Open("sqlite", path+".schema-1")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var version, kept int
	if err := errors.Join(old.QueryRow("PRAGMA user_version").Scan(&version), old.QueryRow("SELECT count(*) FROM cell").Scan(&kept)); err != nil || version != 1 || kept != 3 {
		t.Errorf("the copy has schema %d and %d cells, %v", version, kept, err)
	}
	left, err := filepath.Glob(path + ".schema-*")
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestDamagedSchema: a file whose schema no kvscope writes is refused in words.
func TestDamagedSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{-1, 1000} {
		if _, err := db.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
			t.Fatal(err)
		}
		if err := migrate(t.Context(), db, path); err == nil || !strings.Contains(err.Error(), fmt.Sprint("schema ", version)) {
			t.Errorf("schema %d: %v", version, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMigrationAtOnce: several processes open an old file at the same moment.
func TestMigrationAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first(t, path)
	errs := make(chan error)
	for range 4 {
		go func() {
			s, err := Open(context.Background(), path)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestSwapsAreStored(t *testing.T) {
	s := open(t, "")
	list := cells(2)
	list[1].First, list[1].Swap = 0, experiment.Swap{SelectWith: "plain"}
	e, err := s.Create(t.Context(), "swap", experiment.Grid{}, list)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Pending(t.Context(), e.ID, 9); err != nil || !slices.Equal(got, list) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOpenExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if _, err := OpenExisting(t.Context(), path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file, and yet %v", err)
	}
	open(t, path)
	s, err := OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}
