package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/web/api"
)

// FuzzDamaged opens a database of which some bytes are others, three bytes a change: where,
// modulo the size, and what. Whatever is left is opened or refused, and then used, which the
// bits of use choose from, or refused; nothing that is read is something that could not have
// been stored.
func FuzzDamaged(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "good.db")
	good := goodFile(f, path)
	for _, damage := range [][]byte{nil, {0, 0, 'X'}, {0, 60, 0xff}, {0, 18, 7}, {16, 4, 0, 32, 9, 13}, {255, 255, 1}} {
		f.Add(uint8(255), damage)
		for use := range uses {
			f.Add(uint8(1)<<use, damage)
		}
	}
	damaged := filepath.Join(dir, "damaged.db")
	f.Fuzz(func(t *testing.T, use uint8, damage []byte) {
		data := append([]byte(nil), good...)
		for ; len(damage) >= 3; damage = damage[3:] {
			data[int(binary.BigEndian.Uint16(damage))%len(data)] = damage[2]
		}
		for _, name := range []string{damaged, damaged + "-wal", damaged + "-shm", damaged + ".copy"} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(damaged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		s, err := Open(ctx, damaged)
		if err != nil {
			return
		}
		defer s.Close()
		for i, f := range uses {
			if use>>i&1 == 1 {
				f(ctx, t, s, damaged+".copy")
			}
		}
		if ctx.Err() != nil {
			t.Fatal("it takes for ever")
		}
	})
}

// uses are what is done with a store that could be opened, the last a copy.
var uses = []func(ctx context.Context, t *testing.T, s *Store, copied string){
	func(ctx context.Context, t *testing.T, s *Store, _ string) {
		list, _ := s.Experiments(ctx)
		for _, e := range list {
			useExperiment(ctx, t, s, e)
		}
	},
	func(ctx context.Context, _ *testing.T, s *Store, _ string) {
		_ = s.Finish(ctx, cells(3)[2], outcome(1), "w")
	},
	func(ctx context.Context, _ *testing.T, s *Store, _ string) {
		_ = s.KeepText(ctx, "another text", 1000)
		_, _ = s.Text(ctx, api.TextName("a text"))
	},
	func(ctx context.Context, _ *testing.T, s *Store, _ string) {
		_, _ = s.Create(ctx, "new", experiment.Grid{}, cells(2))
	},
	func(ctx context.Context, _ *testing.T, s *Store, copied string) { _ = s.Backup(ctx, copied) },
}

// useExperiment reads all there is of an experiment.
func useExperiment(ctx context.Context, t *testing.T, s *Store, e api.Experiment) {
	t.Helper()
	p, err := s.Progress(ctx, e.ID)
	if _, bad := json.Marshal(p); err == nil && bad != nil {
		t.Errorf("progress %+v: %v", p, bad)
	}
	measured, _ := s.Measured(ctx, e.ID)
	for _, m := range measured {
		if err := m.Outcome.Check(m.Cell.Examples); err != nil {
			t.Errorf("an outcome that cannot be: %v", err)
		}
	}
	_, _ = s.Pending(ctx, e.ID, 9)
	_, _ = s.Failures(ctx, e.ID)
	_ = s.SetState(ctx, e.ID, api.Running)
}

// goodFile makes a small database with something in every table.
func goodFile(f *testing.F, path string) []byte {
	f.Helper()
	s, err := Open(f.Context(), path)
	if err != nil {
		f.Fatal(err)
	}
	list := cells(4)
	_, err = s.Create(f.Context(), "an experiment", experiment.Grid{Models: []string{"ratplus"}}, list)
	err = errors.Join(err, s.Finish(f.Context(), list[0], outcome(1), "w"), s.Finish(f.Context(), list[1], outcome(0.5), "w"), s.KeepText(f.Context(), "a text", 1000))
	_, failed := s.Fail(f.Context(), list[2].Key(), "try", "failed", "w", true)
	if err := errors.Join(err, failed, s.Close()); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return data
}
