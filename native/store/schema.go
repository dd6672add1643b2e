package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
)

// migration is a step from one schema to the next: SQL, and then what SQL cannot do.
type migration struct {
	sql  string
	then func(context.Context, *sql.Tx) error
}

// migrations are the steps from an empty file to the present schema. Step i leads
// from user_version i to i+1; a released step never changes.
var migrations = []migration{{sql: `
CREATE TABLE experiment (
  id      TEXT PRIMARY KEY,
  name    TEXT NOT NULL,
  grid    TEXT NOT NULL CHECK (json_valid(grid)),
  state   TEXT NOT NULL CHECK (state IN ('running', 'paused', 'cancelled')),
  created INTEGER NOT NULL -- Unix milliseconds
) STRICT;

CREATE TABLE cell (
  key            TEXT PRIMARY KEY,
  model          TEXT NOT NULL,
  model_hash     TEXT NOT NULL,
  task           TEXT NOT NULL,
  method         TEXT NOT NULL,
  selector       TEXT NOT NULL,
  selector_seed  INTEGER NOT NULL,
  budget         REAL NOT NULL,
  block          INTEGER NOT NULL,
  window         INTEGER NOT NULL,
  context        INTEGER NOT NULL,
  first_example  INTEGER NOT NULL,
  examples       INTEGER NOT NULL,
  version        TEXT NOT NULL,

  state          TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
  error          TEXT NOT NULL DEFAULT '', -- of the last try that failed
  score          REAL,    -- sum over the examples
  seconds        REAL,
  kernels        TEXT,
  worker         TEXT,
  finished       INTEGER, -- Unix milliseconds
  outcome        TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
  CHECK ((state = 'done') = (outcome IS NOT NULL))
) STRICT;

CREATE TABLE experiment_cell (
  experiment TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL, -- order within the grid
  key        TEXT NOT NULL REFERENCES cell (key),
  PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_cell_key ON experiment_cell (key);

-- Tries that failed. A try told twice is one try.
CREATE TABLE failure (
  key    TEXT NOT NULL REFERENCES cell (key) ON DELETE CASCADE,
  try    TEXT NOT NULL,
  error  TEXT NOT NULL,
  worker TEXT NOT NULL,
  at     INTEGER NOT NULL, -- Unix milliseconds
  PRIMARY KEY (key, try)
) STRICT, WITHOUT ROWID;
`}, {sql: `
-- Empty, as the model was trained, or 'plain'.
ALTER TABLE cell ADD COLUMN select_with  TEXT NOT NULL DEFAULT '';
ALTER TABLE cell ADD COLUMN compute_with TEXT NOT NULL DEFAULT '';

-- What outcomes hold, a line each, for readers that would rather not take JSON apart.
CREATE VIEW example AS
SELECT c.key, c.model, c.task, c.method, c.selector, c.selector_seed, c.select_with, c.compute_with, c.budget,
       json_extract(c.outcome, '$.block') AS block, c.context,
       c.first_example + s.key AS number, 2199023255552 + c.first_example + s.key AS seed,
       s.value AS score, json_extract(c.outcome, '$.depths[' || s.key || ']') AS depth, c.kernels, c.version
FROM cell c, json_each(c.outcome, '$.scores') s WHERE c.state = 'done';

CREATE VIEW head_hit AS
SELECT c.key, c.model, c.task, c.method, c.selector, c.selector_seed, c.select_with, c.compute_with, c.budget,
       json_extract(c.outcome, '$.block') AS block, c.context,
       h.key / json_extract(c.outcome, '$.heads') AS layer, h.key % json_extract(c.outcome, '$.heads') AS head,
       h.value AS hits, c.examples
FROM cell c, json_each(c.outcome, '$.hits') h WHERE c.state = 'done';
`}, {sql: `
-- 0 while its cells are being written, which takes many transactions.
ALTER TABLE experiment ADD COLUMN complete INTEGER NOT NULL DEFAULT 1;

-- Nothing asks which experiments have a cell, and keeping it took most of the time of creating one.
DROP INDEX experiment_cell_key;
`}, {sql: `
-- Texts that are too long for an address, by a hash of their content.
CREATE TABLE text (
  name    TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  bytes   INTEGER NOT NULL,
  used    INTEGER NOT NULL -- Unix milliseconds of the last time
) STRICT;
`}, {sql: `
-- Parameters of the method that are not its default. The budget, which readers group
-- by, keeps a column of its own; the block and the window do not.
DROP VIEW example;
DROP VIEW head_hit;
ALTER TABLE cell ADD COLUMN params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params));

CREATE VIEW example AS
SELECT c.key, c.model, c.task, c.method, c.selector, c.selector_seed, c.select_with, c.compute_with, c.budget, c.params,
       json_extract(c.outcome, '$.block') AS block, c.context,
       c.first_example + s.key AS number, 2199023255552 + c.first_example + s.key AS seed,
       s.value AS score, json_extract(c.outcome, '$.depths[' || s.key || ']') AS depth, c.kernels, c.version
FROM cell c, json_each(c.outcome, '$.scores') s WHERE c.state = 'done';

CREATE VIEW head_hit AS
SELECT c.key, c.model, c.task, c.method, c.selector, c.selector_seed, c.select_with, c.compute_with, c.budget, c.params,
       json_extract(c.outcome, '$.block') AS block, c.context,
       h.key / json_extract(c.outcome, '$.heads') AS layer, h.key % json_extract(c.outcome, '$.heads') AS head,
       h.value AS hits, c.examples
FROM cell c, json_each(c.outcome, '$.hits') h WHERE c.state = 'done';
`, then: fillParams}, {sql: `
DROP VIEW head_hit;
CREATE VIEW head_hit AS
SELECT c.key, c.model, c.task, c.method, c.selector, c.selector_seed, c.select_with, c.compute_with, c.budget, c.params,
       json_extract(c.outcome, '$.block') AS block, c.context,
       h.key / json_extract(c.outcome, '$.heads') AS layer, h.key % json_extract(c.outcome, '$.heads') AS head,
       h.value AS hits, json_extract(c.outcome, '$.head_output_errors[' || h.key || ']') AS output_error, c.examples
FROM cell c, json_each(c.outcome, '$.hits') h WHERE c.state = 'done';
`}, {sql: `
-- What the experiment calls the model, whose cells may be another's too, under another name;
-- empty where it is the cell's.
ALTER TABLE experiment_cell ADD COLUMN model TEXT NOT NULL DEFAULT '';
`}}

// migrate brings the file at path up to the present schema, each step in a
// transaction of its own. A file that holds something is copied first.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	var at int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&at); err != nil {
		return err
	}
	if at < 0 {
		return fmt.Errorf("the file says schema %d, want 0 to %d: it is damaged, or no file of kvscope", at, len(migrations))
	}
	if at > len(migrations) {
		return fmt.Errorf("the file has schema %d, this kvscope knows up to %d: it is older than the one that wrote the file", at, len(migrations))
	}
	if path != "" && at > 0 && at < len(migrations) {
		if err := keep(ctx, db, path, at); err != nil {
			return fmt.Errorf("copy before the schema changes: %w", err)
		}
	}
	for ; at < len(migrations); at++ {
		if err := step(ctx, db, at); err != nil {
			return fmt.Errorf("schema %d to %d: %w", at, at+1, err)
		}
	}
	return nil
}

// keep writes a copy of the file beside it, under a name that says its schema. One
// that is there already stays: the process that made it was here first.
func keep(ctx context.Context, db *sql.DB, path string, schema int) error {
	to := fmt.Sprintf("%s.schema-%d", path, schema)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	// A copy that is cut short has another name.
	part := to + "." + rand.Text()[:8]
	defer os.Remove(part)
	if err := copyTo(ctx, db, part); err != nil {
		return err
	}
	return os.Rename(part, to)
}

func step(ctx context.Context, db *sql.DB, from int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // fails after a commit, as it should
	// Another process may have taken the step while this one waited for the lock.
	var at int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&at); err != nil {
		return err
	}
	if at > from {
		return nil
	}
	if _, err := tx.ExecContext(ctx, migrations[from].sql); err != nil {
		return err
	}
	if then := migrations[from].then; then != nil {
		if err := then(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", from+1)); err != nil {
		return err
	}
	return tx.Commit()
}
