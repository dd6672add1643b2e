package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kvscope/engine/experiment"
)

// Outcomes are checked before they are stored, but files are older than the check, and
// disks fail. What cannot be is not handed on: its cell has failed, with the reason, and is
// computed when somebody asks for it again.

// rejected is a stored outcome that cannot be.
type rejected struct {
	key, text string
	why       error
}

// Measured lists the computed cells of an experiment in the order of its grid.
func (s *Store) Measured(ctx context.Context, id string) ([]experiment.Measured, error) {
	out, bad, err := s.read(ctx, id)
	if err == nil && len(bad) > 0 {
		err = s.reject(ctx, bad)
	}
	if err != nil {
		return nil, fmt.Errorf("measured cells: %w", err)
	}
	return out, nil
}

// read returns the stored outcomes of an experiment: good ones in the order of its grid, and
// bad ones, which cannot be right.
func (s *Store) read(ctx context.Context, id string) (good []experiment.Measured, bad []rejected, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+namedColumns+`, key, outcome FROM experiment_cell m JOIN cell c USING (key)
		WHERE m.experiment = ? AND c.state = 'done' ORDER BY m.position`, id)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var found []experiment.Measured
	var stored []rejected
	layouts := map[string]map[layout]int{} // by model, how many cells have each
	for rows.Next() {
		var m experiment.Measured
		var r rejected
		if err := scanConfig(rows, &m.Cell, &r.key, &r.text); err != nil {
			return nil, nil, err
		}
		if m.Outcome, err = parseOutcome(r.text, m.Cell.Examples); err != nil {
			r.why = err
			bad = append(bad, r)
			continue
		}
		found, stored = append(found, m), append(stored, r)
		if layouts[m.Cell.ModelHash] == nil {
			layouts[m.Cell.ModelHash] = map[layout]int{}
		}
		layouts[m.Cell.ModelHash][layoutOf(m.Outcome)]++
	}
	for i, m := range found {
		if want := most(layouts[m.Cell.ModelHash]); layoutOf(m.Outcome) != want {
			stored[i].why = fmt.Errorf("%d layers of %d heads, other cells of the model have %d of %d", m.Outcome.Layers, m.Outcome.Heads, want.layers, want.heads)
			bad = append(bad, stored[i])
			continue
		}
		good = append(good, m)
	}
	return good, bad, rows.Err()
}

// layout is how many heads a model has: the same in all its cells.
type layout struct{ layers, heads int }

func layoutOf(o *experiment.Outcome) layout { return layout{o.Layers, o.Heads} }

// most is the layout that most cells have, of two the smaller.
func most(counts map[layout]int) layout {
	var best layout
	for l, n := range counts {
		if d := n - counts[best]; d > 0 || d == 0 && (l.layers < best.layers || l.layers == best.layers && l.heads < best.heads) {
			best = l
		}
	}
	return best
}

// parseOutcome reads an outcome of so many examples.
func parseOutcome(text string, examples int) (*experiment.Outcome, error) {
	var o experiment.Outcome
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, err
	}
	return &o, o.Check(examples)
}

// reject lets cells fail whose outcomes cannot be, unless they have others by now.
func (s *Store) reject(ctx context.Context, bad []rejected) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, r := range bad {
			why := "the stored result cannot be: " + r.why.Error()
			done, err := tx.ExecContext(ctx, `UPDATE cell SET state = 'failed', error = ?, score = NULL, seconds = NULL, outcome = NULL
				WHERE key = ? AND outcome = ?`, why, r.key, r.text)
			if err != nil {
				return err
			}
			n, err := done.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO failure (key, try, error, worker, at) SELECT key, 'stored', error, coalesce(worker, ''), ? FROM cell WHERE key = ? ON CONFLICT DO NOTHING",
				now(), r.key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Outcome returns the stored outcome of a cell, nil when it is not computed.
func (s *Store) Outcome(ctx context.Context, key string) (*experiment.Outcome, error) {
	var text string
	var examples int
	err := s.db.QueryRowContext(ctx, "SELECT outcome, examples FROM cell WHERE key = ? AND state = 'done'", key).Scan(&text, &examples)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	var o *experiment.Outcome
	if err == nil {
		var why error
		if o, why = parseOutcome(text, examples); why != nil {
			o, err = nil, s.reject(ctx, []rejected{{key, text, why}})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read cell %s: %w", key, err)
	}
	return o, nil
}
