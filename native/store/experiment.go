package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

// Create stores a new experiment of cells and starts it. Cells that are known are
// not computed again; those that had failed get new tries.
func (s *Store) Create(ctx context.Context, name string, g experiment.Grid, cells []experiment.Cell) (api.Experiment, error) {
	e := api.Experiment{ID: rand.Text()[:12], Name: name, Grid: g, State: api.Running, Created: time.UnixMilli(now())}
	grid, err := json.Marshal(g)
	if err != nil {
		return e, fmt.Errorf("create experiment: %w", err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO experiment (id, name, grid, state, created) VALUES (?, ?, ?, ?, ?)",
			e.ID, e.Name, string(grid), string(e.State), e.Created.UnixMilli()); err != nil {
			return err
		}
		if err := insertCells(ctx, tx, cells); err != nil {
			return err
		}
		member, err := tx.PrepareContext(ctx, "INSERT INTO experiment_cell (experiment, position, key) VALUES (?, ?, ?)")
		if err != nil {
			return err
		}
		defer member.Close()
		for i, c := range cells {
			if _, err := member.ExecContext(ctx, e.ID, i, c.Key()); err != nil {
				return err
			}
		}
		return retry(ctx, tx, e.ID)
	})
	if err != nil {
		return e, fmt.Errorf("create experiment: %w", err)
	}
	return e, nil
}

// retry gives the failed cells of an experiment new tries.
func retry(ctx context.Context, tx *sql.Tx, id string) error {
	const failed = "SELECT c.key FROM experiment_cell m JOIN cell c ON c.key = m.key WHERE m.experiment = ? AND c.state = 'failed'"
	if _, err := tx.ExecContext(ctx, "DELETE FROM failure WHERE key IN ("+failed+")", id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE cell SET state = 'pending', error = '' WHERE key IN ("+failed+")", id)
	return err
}

const experimentColumns = "id, name, grid, state, created"

// Experiments lists all experiments, newest first.
func (s *Store) Experiments(ctx context.Context) ([]api.Experiment, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+experimentColumns+" FROM experiment ORDER BY created DESC, id")
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
	e, err := scanExperiment(s.db.QueryRowContext(ctx, "SELECT "+experimentColumns+" FROM experiment WHERE id = ?", id))
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
		if state == api.Running {
			return retry(ctx, tx, id)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("experiment %s: %w", id, err)
	}
	return nil
}

// Remove forgets an experiment. What its cells came to is kept.
func (s *Store) Remove(ctx context.Context, id string) error {
	done, err := s.db.ExecContext(ctx, "DELETE FROM experiment WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("remove experiment %s: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// Progress counts the cells of an experiment.
func (s *Store) Progress(ctx context.Context, id string) (api.Progress, error) {
	var p api.Progress
	err := s.db.QueryRowContext(ctx, `
		SELECT count(*), count(*) FILTER (WHERE c.state = 'done'), count(*) FILTER (WHERE c.state = 'failed'),
		       coalesce(sum(c.examples), 0), coalesce(sum(c.examples) FILTER (WHERE c.state = 'done'), 0), coalesce(sum(c.seconds), 0)
		FROM experiment_cell m JOIN cell c ON c.key = m.key WHERE m.experiment = ?`, id,
	).Scan(&p.Cells, &p.Done, &p.Failed, &p.Examples, &p.ExamplesDone, &p.Seconds)
	if err != nil {
		return p, fmt.Errorf("progress of experiment %s: %w", id, err)
	}
	return p, nil
}
