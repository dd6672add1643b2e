package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite" // the driver
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNotFound says that there is no experiment with that ID.
var ErrNotFound = errors.New("no such experiment")

// Store is an open file. It is safe for concurrent use, by several processes too.
type Store struct {
	db *sql.DB
	// One writer of this process at a time, in the order they come. SQLite would let whoever
	// looks at the right moment go first, and let others wait until they give up.
	writing sync.Mutex
}

// OpenExisting opens the file at path, which must be there.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return Open(ctx, path)
}

// busyTimeout is how long a writer waits for another.
const busyTimeout = 10 * time.Second

// Open opens the file at path, which is made with its folder where there is none.
// An empty path is a store in memory, gone when closed.
func Open(ctx context.Context, path string) (*Store, error) {
	name := "file::memory:"
	if path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		if err := private(path); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		name = (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}).String()
	}
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "synchronous(NORMAL)", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", name+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	if path == "" {
		db.SetMaxOpenConns(1) // each connection would be a memory of its own
	}
	if err := patiently(ctx, func() error { return begin(ctx, db, path) }); err != nil {
		db.Close()
		return nil, fmt.Errorf("store %s: %w", path, explain(path, err))
	}
	return &Store{db: db}, nil
}

// begin makes the file ready. The file remembers its journal mode, so that it is
// asked for once and not by every connection.
func begin(ctx context.Context, db *sql.DB, path string) error {
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	return migrate(ctx, db, path)
}

// patiently calls f again while another process holds the file. SQLite waits by
// itself for a writer, but not for who changes the journal mode, recovers the log of
// a process that died or, being the last to close, takes the log away.
func patiently(ctx context.Context, f func() error) error {
	for deadline := time.Now().Add(busyTimeout); ; {
		err := f()
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Backup writes a copy of the store, as it is at one moment, to a new file. The
// store may be in use meanwhile.
func (s *Store) Backup(ctx context.Context, path string) error {
	err := copyTo(ctx, s.db, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("backup: %s is there already", path)
	case err != nil:
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	return nil
}

// copyTo writes a copy of what is in db to a new file that only this user can read.
func copyTo(ctx context.Context, db *sql.DB, path string) error {
	// SQLite takes an empty file, and would make one that others can read.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = f.Close(); err == nil {
		_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// write runs f in a transaction.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // fails after a commit, as it should
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func now() int64 { return time.Now().UnixMilli() }
