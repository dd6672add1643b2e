package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

// cellsAtOnce is how many cells of a new experiment are written in one transaction: a
// twentieth of a second of them, after which others have their turn.
const cellsAtOnce = 1000

// abandoned is the age from which an experiment that is not complete is one whose creator died.
const abandoned = time.Hour

// Create stores a new experiment of cells and starts it. Cells that are known are
// not computed again; those that had failed get new tries. It is seen when it is complete.
func (s *Store) Create(ctx context.Context, name string, g experiment.Grid, cells []experiment.Cell) (api.Experiment, error) {
	e := api.Experiment{ID: rand.Text()[:12], Name: name, Grid: g, State: api.Running, Created: time.UnixMilli(now())}
	grid, err := json.Marshal(g)
	if err != nil {
		return e, fmt.Errorf("create experiment: %w", err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM experiment WHERE NOT complete AND created < ?", now()-abandoned.Milliseconds()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO experiment (id, name, grid, state, created, complete) VALUES (?, ?, ?, ?, ?, 0)",
			e.ID, e.Name, string(grid), string(e.State), e.Created.UnixMilli())
		return err
	})
	if err == nil {
		err = s.fill(ctx, e.ID, cells)
	}
	if err == nil {
		err = s.retry(ctx, e.ID)
	}
	if err == nil {
		err = s.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE experiment SET complete = 1 WHERE id = ?", e.ID)
			return err
		})
	}
	if err != nil {
		err = fmt.Errorf("create experiment: %w", err)
		if gone := s.Remove(context.WithoutCancel(ctx), e.ID); gone != nil && !errors.Is(gone, ErrNotFound) {
			err = errors.Join(err, gone)
		}
		return e, err
	}
	return e, nil
}

// fill writes the cells of an experiment and that they are its. Cells go in by the order of
// their keys, which is that of their index: in any other, each would change another page.
func (s *Store) fill(ctx context.Context, id string, cells []experiment.Cell) error {
	members := make([]keyed, len(cells))
	for i, c := range cells {
		members[i] = keyed{c.Key(), c}
	}
	sorted := slices.SortedFunc(slices.Values(members), func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	for part := range slices.Chunk(sorted, cellsAtOnce) {
		if err := s.write(ctx, func(tx *sql.Tx) error { return insertCells(ctx, tx, part) }); err != nil {
			return err
		}
	}
	for from := 0; from < len(members); from += cellsAtOnce {
		part := members[from:min(from+cellsAtOnce, len(members))]
		if err := s.write(ctx, func(tx *sql.Tx) error { return insertMembers(ctx, tx, id, from, part) }); err != nil {
			return err
		}
	}
	return nil
}

// insertMembers adds cells to an experiment, the first at position from.
func insertMembers(ctx context.Context, tx *sql.Tx, id string, from int, cells []keyed) error {
	member, err := tx.PrepareContext(ctx, "INSERT INTO experiment_cell (experiment, position, key, model) VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer member.Close()
	for i, c := range cells {
		if _, err := member.ExecContext(ctx, id, from+i, c.key, c.Model); err != nil {
			return err
		}
	}
	return nil
}

// retry gives the failed cells of an experiment new tries. They are looked for before others
// must wait, which takes a second where there are many cells.
func (s *Store) retry(ctx context.Context, id string) error {
	var keys string
	if err := s.db.QueryRowContext(ctx, `SELECT json_group_array(c.key) FROM experiment_cell m JOIN cell c ON c.key = m.key
		WHERE m.experiment = ? AND c.state = 'failed'`, id).Scan(&keys); err != nil || keys == "[]" {
		return err
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		const failed = "SELECT key FROM cell WHERE state = 'failed' AND key IN (SELECT value FROM json_each(?))"
		if _, err := tx.ExecContext(ctx, "DELETE FROM failure WHERE key IN ("+failed+")", keys); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE cell SET state = 'pending', error = '' WHERE key IN ("+failed+")", keys)
		return err
	})
}

const experimentColumns = "id, name, grid, state, created"

// Experiments lists all experiments, newest first.
func (s *Store) Experiments(ctx context.Context) ([]api.Experiment, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+experimentColumns+" FROM experiment WHERE complete ORDER BY created DESC, id")
	if err != nil {
		return nil, fmt.Errorf("list experiments: %w", err)
	}
	defer rows.Close()
	var list []api.Experiment
	for rows.Next() {
		e, err := scanExperiment(rows)
		if err != nil {
			return nil, fmt.Errorf("list experiments: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Experiment finds an experiment, or says ErrNotFound.
func (s *Store) Experiment(ctx context.Context, id string) (api.Experiment, error) {
	e, err := scanExperiment(s.db.QueryRowContext(ctx, "SELECT "+experimentColumns+" FROM experiment WHERE id = ? AND complete", id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNotFound
	}
	if err != nil {
		return e, fmt.Errorf("read experiment %s: %w", id, err)
	}
	return e, nil
}

func scanExperiment(row interface{ Scan(...any) error }) (api.Experiment, error) {
	var e api.Experiment
	var grid string
	var created int64
	if err := row.Scan(&e.ID, &e.Name, &grid, &e.State, &created); err != nil {
		return e, err
	}
	e.Created = time.UnixMilli(created)
	return e, json.Unmarshal([]byte(grid), &e.Grid)
}

// SetState decides about an experiment. One that runs again gives its failed cells
// new tries.
func (s *Store) SetState(ctx context.Context, id string, state api.State) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE experiment SET state = ? WHERE id = ?", string(state), id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	if err == nil && state == api.Running {
		err = s.retry(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("experiment %s: %w", id, err)
	}
	return nil
}

// Remove forgets an experiment. What its cells came to is kept.
func (s *Store) Remove(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM experiment WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove experiment %s: %w", id, err)
	}
	return nil
}

// Progress counts the cells of an experiment.
func (s *Store) Progress(ctx context.Context, id string) (api.Progress, error) {
	var p api.Progress
	err := s.db.QueryRowContext(ctx, `
		SELECT count(*), count(*) FILTER (WHERE c.state = 'done'), count(*) FILTER (WHERE c.state = 'failed'),
		       coalesce(sum(c.examples), 0), coalesce(sum(c.examples) FILTER (WHERE c.state = 'done'), 0), coalesce(sum(c.seconds) FILTER (WHERE c.`+possible+`), 0)
		FROM experiment_cell m JOIN cell c ON c.key = m.key WHERE m.experiment = ?`, id,
	).Scan(&p.Cells, &p.Done, &p.Failed, &p.Examples, &p.ExamplesDone, &p.Seconds)
	if err != nil {
		return p, fmt.Errorf("progress of experiment %s: %w", id, err)
	}
	return p, nil
}
