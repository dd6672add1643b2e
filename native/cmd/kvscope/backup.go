package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"kvscope/engine/input"
	"kvscope/native/store"
	"kvscope/viz/number"
)

// backup copies the store of experiments, which may be in use.
func backup(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("backup", stderr,
		"kvscope backup --out experiments.db",
		"kvscope backup --data /srv/kvscope --out /mnt/backup/kvscope-$(date +%F).db --json")
	data := dataFlag(set, "data `folder` of kvscope serve or eval")
	out := set.String("out", "", "new `file` for the copy")
	asJSON := set.Bool("json", false, "print one JSON object")
	if err := parse(set, args); err != nil {
		return err
	}
	if *out == "" {
		return input.Errorf("out", "missing, want a file for the copy")
	}
	size, err := copyStore(ctx, filepath.Join(*data, storeFile), *out)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string]any{"path": *out, "bytes": size})
	}
	_, err = fmt.Fprintf(stdout, "%s: %s\n", *out, number.Bytes(int(size)))
	return err
}

// copyStore copies the store at from and returns the copy's size.
func copyStore(ctx context.Context, from, to string) (int64, error) {
	s, err := store.OpenExisting(ctx, from)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, input.Errorf("data", "no experiments in %s", filepath.Dir(from))
	}
	if err != nil {
		return 0, blamed("data", err)
	}
	defer s.Close()
	if err := s.Backup(ctx, to); err != nil {
		return 0, fmt.Errorf("--out: %w", err)
	}
	info, err := os.Stat(to)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
