package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"kvscope/engine/experiment"
)

// TestViews: who reads the file with other programs finds examples and heads by line.
func TestViews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first(t, path)
	s := open(t, path)
	var examples, seed, hits, layer int
	var score, depth float64
	err := errors.Join(
		s.db.QueryRow("SELECT count(*), sum(score) FROM example").Scan(&examples, &score),
		s.db.QueryRow("SELECT seed, depth FROM example WHERE number = 11").Scan(&seed, &depth),
		s.db.QueryRow("SELECT layer, hits FROM head_hit WHERE hits = 2 AND head = 0 AND examples = 2").Scan(&layer, &hits))
	for outcome, want := range map[string]sql.NullFloat64{
		`{"layers": 2, "heads": 2, "scores": [1], "hits": [1, 0, 2, 0]}`:                                             {},
		`{"layers": 2, "heads": 2, "scores": [1], "hits": [1, 0, 2, 0], "head_output_errors": [0, 0.5, 0.25, 0.75]}`: {Float64: 0.25, Valid: true},
	} {
		var got sql.NullFloat64
		_, changed := s.db.Exec("UPDATE cell SET outcome = ? WHERE state = 'done'", outcome)
		if asked := s.db.QueryRow("SELECT output_error FROM head_hit WHERE layer = 1 AND head = 0").Scan(&got); changed != nil || asked != nil || got != want {
			t.Errorf("the output error of %s is %v, want %v: %v %v", outcome, got, want, changed, asked)
		}
	}
	if err != nil || examples != 2 || score != 1.5 || uint64(seed) != experiment.Seed(11) || depth != 0.75 || layer != 1 {
		t.Errorf("%d examples of score %g, seed %d at depth %g, layer %d: %v", examples, score, seed, depth, layer, err)
	}
}
