package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/web/api"
)

// MaxTries is how often a cell is tried before it counts as failed.
const MaxTries = 3

const configColumns = "model" + otherColumns

// namedColumns are configColumns of the cells of an experiment m, which may call a model
// otherwise than whoever asked for its cells first.
const namedColumns = "coalesce(nullif(m.model, ''), c.model)" + otherColumns

const otherColumns = ", model_hash, task, method, selector, selector_seed, params, context, first_example, examples, version, select_with, compute_with"

func scanConfig(row interface{ Scan(...any) error }, c *experiment.Cell, more ...any) error {
	var seed int64
	var params string
	to := []any{
		&c.Model, &c.ModelHash, &c.Task, &c.Method, &c.Selector, &seed, &params,
		&c.Context, &c.First, &c.Examples, &c.Version, &c.SelectWith, &c.ComputeWith,
	}
	err := row.Scan(append(to, more...)...)
	c.SelectorSeed = uint64(seed)
	if params != noParams {
		c.Params = sparse.Setting(params)
	}
	return err
}

// noParams is how a file says that every parameter is the default.
const noParams = "{}"

// object is s as a file has it: JSON in every case.
func object(s sparse.Setting) string {
	if s == "" {
		return noParams
	}
	return string(s)
}

// budgets returns what looks up the budget of cells, which takes longer than to store
// them, once for all that are set up alike.
func budgets() func(experiment.Cell) float64 {
	type setup struct {
		method string
		params sparse.Setting
	}
	known := map[setup]float64{}
	return func(c experiment.Cell) float64 {
		at := setup{c.Method, c.Params}
		budget, ok := known[at]
		if !ok {
			budget = c.Resolved().Budget()
			known[at] = budget
		}
		return budget
	}
}

// keyed is a cell with its key, which takes some time to compute.
type keyed struct {
	key string
	experiment.Cell
}

// insertCells adds the cells that are not there yet.
func insertCells(ctx context.Context, tx *sql.Tx, cells []keyed) error {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO cell (key, budget, "+configColumns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING")
	if err != nil {
		return err
	}
	defer insert.Close()
	budget := budgets()
	for _, c := range cells {
		if _, err := insert.ExecContext(ctx, c.key, budget(c.Cell), c.Model, c.ModelHash, c.Task, c.Method, c.Selector, int64(c.SelectorSeed),
			object(c.Params), c.Context, c.First, c.Examples, c.Version, c.SelectWith, c.ComputeWith); err != nil {
			return err
		}
	}
	return nil
}

// possible holds for times that an outcome can have, as experiment.Outcome.Check has it.
// A sum of others may be infinite, which JSON cannot say.
const possible = "seconds BETWEEN 0 AND 1e9"

// Finish stores what a cell came to. The first outcome of a cell stays: telling it
// again changes nothing.
func (s *Store) Finish(ctx context.Context, c experiment.Cell, o *experiment.Outcome, worker string) error {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("finish cell: %w", err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		if err := insertCells(ctx, tx, []keyed{{c.Key(), c}}); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE cell SET state = 'done', error = '', score = ?, seconds = ?, kernels = ?, worker = ?, finished = ?, outcome = ?
			WHERE key = ? AND state <> 'done'`, o.Score(), o.Seconds, o.Kernels, worker, now(), string(text), c.Key())
		return err
	})
	if err != nil {
		return fmt.Errorf("finish cell %s: %w", c.Key(), err)
	}
	return nil
}

// Fail stores that one try of a cell failed; a try told twice is one try, and one told of a
// cell that is over changes nothing. It reports whether the cell is out of tries, which fatal makes it at once.
func (s *Store) Fail(ctx context.Context, key, try, message, worker string, fatal bool) (over bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		var state string
		err := tx.QueryRowContext(ctx, "SELECT state FROM cell WHERE key = ?", key).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) || state == "done" || state == "failed" {
			over = true // of another store, or over meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO failure (key, try, error, worker, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			key, try, message, worker, now()); err != nil {
			return err
		}
		tries := 0
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM failure WHERE key = ?", key).Scan(&tries); err != nil {
			return err
		}
		over, state = fatal || tries >= MaxTries, "pending"
		if over {
			state = "failed"
		}
		_, err = tx.ExecContext(ctx, "UPDATE cell SET state = ?, error = ?, worker = ? WHERE key = ?", state, message, worker, key)
		return err
	})
	if err != nil {
		return over, fmt.Errorf("fail cell %s: %w", key, err)
	}
	return over, nil
}

// Pending lists cells of an experiment that are still to compute, in the order of
// its grid, limit at most.
func (s *Store) Pending(ctx context.Context, id string, limit int) ([]experiment.Cell, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+namedColumns+` FROM experiment_cell m JOIN cell c USING (key)
		WHERE m.experiment = ? AND c.state = 'pending' ORDER BY m.position LIMIT ?`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("pending cells: %w", err)
	}
	defer rows.Close()
	var cells []experiment.Cell
	for rows.Next() {
		var c experiment.Cell
		if err := scanConfig(rows, &c); err != nil {
			return nil, fmt.Errorf("pending cells: %w", err)
		}
		cells = append(cells, c)
	}
	return cells, rows.Err()
}

// Failures lists the failed cells of an experiment.
func (s *Store) Failures(ctx context.Context, id string) ([]api.Failure, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+namedColumns+`, c.error, (SELECT count(*) FROM failure f WHERE f.key = c.key)
		FROM experiment_cell m JOIN cell c USING (key) WHERE m.experiment = ? AND c.state = 'failed' ORDER BY m.position`, id)
	if err != nil {
		return nil, fmt.Errorf("failed cells: %w", err)
	}
	defer rows.Close()
	list := []api.Failure{}
	for rows.Next() {
		var f api.Failure
		if err := scanConfig(rows, &f.Cell, &f.Error, &f.Tries); err != nil {
			return nil, fmt.Errorf("failed cells: %w", err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// SecondsPerExample is how long one example of a model, method and context took on
// average, 0 when none was computed yet.
func (s *Store) SecondsPerExample(ctx context.Context, modelHash, method string, tokens int) (float64, error) {
	var mean float64
	err := s.db.QueryRowContext(ctx, `SELECT coalesce(sum(seconds) / sum(examples), 0) FROM cell
		WHERE state = 'done' AND `+possible+` AND model_hash = ? AND method = ? AND context = ?`, modelHash, method, tokens).Scan(&mean)
	if err != nil {
		return 0, fmt.Errorf("time of past cells: %w", err)
	}
	return mean, nil
}

// Computed reports which of the keys are done.
func (s *Store) Computed(ctx context.Context, keys []string) (map[string]bool, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("computed cells: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, "SELECT key FROM cell WHERE state = 'done' AND key IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, fmt.Errorf("computed cells: %w", err)
	}
	defer rows.Close()
	done := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("computed cells: %w", err)
		}
		done[key] = true
	}
	return done, rows.Err()
}
