package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLockSaysWhy: what keeps a lock from being had is named, each cause as itself.
func TestLockSaysWhy(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage", "lock.db")
	folder := filepath.Join(dir, "folder", "lock.db")
	for _, err := range []error{
		os.MkdirAll(filepath.Dir(garbage), 0o700),
		os.WriteFile(garbage, []byte(strings.Repeat("no database ", 100)), 0o600),
		os.MkdirAll(folder, 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{garbage: "is damaged", folder: "is a directory"} {
		unlock, err := Lock(t.Context(), path)
		if err == nil {
			unlock()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: %v, want that it %s", path, err, want)
		}
	}
	if os.Getuid() > 0 { // to root and on Windows, no folder is closed
		closed := filepath.Join(dir, "closed")
		if err := os.Mkdir(closed, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := Lock(t.Context(), filepath.Join(closed, "lock.db")); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("a read-only folder: %v", err)
		}
	}
}

// TestFilesArePrivate: only their user reads the database and its lock, also those that an
// earlier version made readable.
func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes; runs elsewhere")
	}
	for _, c := range []struct {
		name string
		open func(context.Context, string) (func(), error)
	}{
		{"lock.db", Lock},
		{"kvscope.db", func(ctx context.Context, path string) (func(), error) {
			s, err := Open(ctx, path)
			if err != nil {
				return nil, err
			}
			return func() { s.Close() }, nil
		}},
	} {
		dir := t.TempDir()
		for range 2 {
			stop, err := c.open(t.Context(), filepath.Join(dir, c.name))
			if err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%v %v", files, err)
			}
			for _, f := range files {
				if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: mode %v, %v", f, info.Mode(), err)
				}
			}
			stop()
			if err := os.Chmod(filepath.Join(dir, c.name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCopiesArePrivate: what is copied is as private as the database; a copy that fails leaves
// nothing.
func TestCopiesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes; runs elsewhere")
	}
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "kvscope.db"), filepath.Join(dir, "copy.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Backup(t.Context(), copied), keep(t.Context(), s.db, path, 1)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{copied, path + ".schema-1"} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: %+v, %v", f, info, err)
		}
	}
	s.Close()
	none := filepath.Join(dir, "none.db")
	if err := s.Backup(t.Context(), none); err == nil {
		t.Error("a backup of a closed store")
	}
	if _, err := os.Stat(none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy that failed is there: %v", err)
	}
}
