package store

import (
	"context"
	"database/sql"
	"fmt"

	"kvscope/engine/experiment"
)

// fillParams turns the block and the window that cells had beside their budget into
// parameters, and names the cells anew, since a cell's key is made of them. Two that mean
// the same become one, that which is computed before that which is not.
func fillParams(ctx context.Context, tx *sql.Tx) error {
	// Keys change before what refers to them does, which is looked for by key.
	if _, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON; CREATE INDEX by_key ON experiment_cell (key)"); err != nil {
		return err
	}
	keys, cells, err := legacyCells(ctx, tx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range cells {
		if err := rename(ctx, tx, keys[i], c, seen[c.Key()]); err != nil {
			return fmt.Errorf("cell %s: %w", keys[i], err)
		}
		seen[c.Key()] = true
	}
	_, err = tx.ExecContext(ctx, "DROP INDEX by_key; ALTER TABLE cell DROP COLUMN block; ALTER TABLE cell DROP COLUMN window")
	return err
}

// legacyCells lists the cells with the keys they had, those computed first.
func legacyCells(ctx context.Context, tx *sql.Tx) (keys []string, cells []experiment.Cell, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT key, model, model_hash, task, method, selector, selector_seed, context, first_example, examples, version,
		select_with, compute_with, budget, block, window FROM cell ORDER BY state <> 'done', key`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c experiment.Cell
		var key string
		var seed int64
		var budget float64
		var block, window int
		if err := rows.Scan(&key, &c.Model, &c.ModelHash, &c.Task, &c.Method, &c.Selector, &seed, &c.Context, &c.First, &c.Examples, &c.Version,
			&c.SelectWith, &c.ComputeWith, &budget, &block, &window); err != nil {
			return nil, nil, err
		}
		c.SelectorSeed = uint64(seed)
		c.Params = experiment.LegacyParams(c.Method, budget, block, window)
		keys, cells = append(keys, key), append(cells, c)
	}
	return keys, cells, rows.Err()
}

// rename gives the cell under key the parameters and the key of c. Where there is one
// under that key already, what refers to the cell refers to that one, and it goes.
func rename(ctx context.Context, tx *sql.Tx, key string, c experiment.Cell, taken bool) error {
	do := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	if err := do("UPDATE experiment_cell SET key = ? WHERE key = ?", c.Key(), key); err != nil {
		return err
	}
	if taken {
		return do("DELETE FROM cell WHERE key = ?", key)
	}
	if err := do("UPDATE failure SET key = ? WHERE key = ?", c.Key(), key); err != nil {
		return err
	}
	return do("UPDATE cell SET key = ?, params = ? WHERE key = ?", c.Key(), object(c.Params), key)
}
