package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps from an empty file to the present schema. Step i leads
// from user_version i to i+1; a released step never changes.
var migrations = []string{`
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
`}

// migrate brings the file up to the present schema, each step in a transaction
// of its own.
func migrate(ctx context.Context, db *sql.DB) error {
	var at int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&at); err != nil {
		return err
	}
	if at > len(migrations) {
		return fmt.Errorf("the file has schema %d, this kvscope knows up to %d: it is older than the one that wrote the file", at, len(migrations))
	}
	for ; at < len(migrations); at++ {
		if err := step(ctx, db, at); err != nil {
			return fmt.Errorf("schema %d to %d: %w", at, at+1, err)
		}
	}
	return nil
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
	if _, err := tx.ExecContext(ctx, migrations[from]); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", from+1)); err != nil {
		return err
	}
	return tx.Commit()
}
