package main

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
)

// damages are what may have become of the files in a data folder, by what is damaged.
func damages() map[string]func(t *testing.T, folder string) {
	write := func(name string, content []byte) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	// edit changes the files that a pattern finds.
	edit := func(pattern string, how func(content []byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			found := 0
			err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
				name, _ := filepath.Rel(folder, path)
				if matched, _ := filepath.Match(pattern, name); err != nil || d.IsDir() || !matched && !strings.HasPrefix(name, pattern+string(filepath.Separator)) {
					return err
				}
				found++
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				return os.WriteFile(path, how(content), 0o600)
			})
			if err != nil || found == 0 {
				t.Fatalf("%d files as %s, %v", found, pattern, err)
			}
		}
	}
	instead := func(name string) func(*testing.T, string) { // a folder in the place of a file
		return func(t *testing.T, folder string) {
			if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	gone := func(name string) func(*testing.T, string) {
		return func(t *testing.T, folder string) {
			if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	garbage := bytes.Repeat([]byte("something else. "), 512)
	overwrite := func([]byte) []byte { return garbage }
	half := func(content []byte) []byte { return content[:len(content)/2] }
	turned := func(content []byte) []byte { // one bit of each hundred bytes
		for i := 50; i < len(content); i += 100 {
			content[i] ^= 1 << (i % 8)
		}
		return content
	}
	at := func(from int, what ...byte) func([]byte) []byte {
		return func(content []byte) []byte {
			copy(content[from:], what)
			return content
		}
	}
	return map[string]func(*testing.T, string){
		"database overwritten": edit(storeFile, overwrite), "database empty": write(storeFile, nil), "database cut": edit(storeFile, half), "database with bits turned": edit(storeFile, turned),
		"database of 100 bytes": edit(storeFile, func(content []byte) []byte { return content[:100] }), "database with another page": edit(storeFile, at(4096, garbage[:4096]...)),
		"database of a later version": edit(storeFile, at(60, 0, 0, 1, 0)), "database of a negative version": edit(storeFile, at(60, 0xff, 0xff, 0xff, 0xff)), "database without its kind": edit(storeFile, at(0, garbage[:16]...)),
		"folder for the database": instead(storeFile), "database gone": gone(storeFile), "log overwritten": write(storeFile+"-wal", garbage), "folder for the log": instead(storeFile + "-wal"), "shared memory overwritten": write(storeFile+"-shm", garbage),
		"lock overwritten": write("lock.db", garbage), "lock empty": write("lock.db", nil), "folder for the lock": instead("lock.db"),
		"queue overwritten": edit(queueFolder, overwrite), "queue empty": edit(queueFolder, func([]byte) []byte { return nil }), "queue cut": edit(queueFolder, half), "queue with bits turned": edit(queueFolder, turned), "queue gone": gone(queueFolder),
		"file for the queue": func(t *testing.T, folder string) {
			gone(queueFolder)(t, folder)
			write(queueFolder, garbage)(t, folder)
		},
		"address overwritten": write(filepath.Join(queueFolder, "queue.url"), garbage), "folder for the address": instead(filepath.Join(queueFolder, "queue.url")),
	}
}

// TestDamagedFolder: whatever has become of the data folder, experiments open or one line
// says what of it is wrong, on which the explorer starts without them.
func TestDamagedFolder(t *testing.T) {
	good, log := t.TempDir(), slog.New(slog.DiscardHandler)
	models := func() []run.ModelInfo { return nil }
	lab, err := openLaboratory(t.Context(), good, "", models, log)
	if err != nil {
		t.Fatal(err)
	}
	cell := experiment.Cell{Model: "ratplus", ModelHash: "abc", Task: "MK-1", Method: "quest", Selector: "own", Params: `{"budget":"1/4"}`, Context: 256, Examples: 10, Version: "1"}
	_, err = lab.store.Create(t.Context(), "first", experiment.Grid{}, []experiment.Cell{cell})
	lab.close()
	if err != nil {
		t.Fatal(err)
	}
	opened, refused := 0, 0
	for what, damage := range damages() {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		damage(t, folder)
		began := time.Now()
		lab, err := openLaboratory(t.Context(), folder, "", models, log)
		switch {
		case err == nil:
			opened++
			if _, err := lab.store.Experiments(t.Context()); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", what, err)
			}
			lab.close()
		case strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), folder) && !strings.Contains(err.Error(), storeFile) && !strings.Contains(err.Error(), "lock.db"):
			t.Errorf("%s: %v, want one line that names the file", what, err)
		default:
			refused++
			t.Logf("%s: %v", what, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: known after %v", what, took)
		}
	}
	t.Logf("%d open, %d refused", opened, refused)
}
