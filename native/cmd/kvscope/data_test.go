package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"kvscope/native/jobs"
)

// TestNoHome: where the system names no folder for settings, the command says where its
// data is, unless it was told.
func TestNoHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData", "KVSCOPE_DATA"} {
		t.Setenv(name, "")
	}
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, stderr := runCommand(t, "backup", "--out", "x"); !strings.Contains(stderr, "HOME is not set") || !strings.Contains(stderr, filepath.Join(here, "kvscope-data")) {
		t.Errorf("without HOME: %q", stderr)
	}
	if _, _, stderr := runCommand(t, "backup", "--out", "x", "--data", "mine"); strings.Contains(stderr, "HOME") {
		t.Errorf("with --data: %q", stderr)
	}
	t.Setenv("KVSCOPE_DATA", "theirs")
	if _, _, stderr := runCommand(t, "backup", "--out", "x"); strings.Contains(stderr, "HOME") {
		t.Errorf("with KVSCOPE_DATA: %q", stderr)
	}
}

// TestLooseFolder: a data folder that others may use is said to be one, and the folder of
// the queue, which is ours, is closed.
func TestLooseFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes; runs elsewhere")
	}
	for _, c := range []struct {
		mode os.FileMode
		want string
	}{{0o700, ""}, {0o755, "may list"}, {0o777, "may replace"}, {0o777 | os.ModeSticky, "may list"}} {
		folder := t.TempDir()
		queue := filepath.Join(folder, queueFolder)
		if err := os.Mkdir(queue, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, c.mode); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		lab, err := openLaboratory(t.Context(), folder, "", nil, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		lab.close()
		if got := log.String(); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("mode %v: %q, want that others %q", c.mode, got, c.want)
		}
		if info, err := os.Stat(queue); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the queue's folder has mode %v, %v", info.Mode(), err)
		}
	}
}

// TestWorkerSaysWhyItCannotConnect: that kvscope serve is not running is asked only where
// nobody listens, and not where the queue refuses.
func TestWorkerSaysWhyItCannotConnect(t *testing.T) {
	folder := t.TempDir()
	queue := filepath.Join(folder, queueFolder)
	embedded, err := jobs.Embed(queue)
	if err != nil {
		t.Fatal(err)
	}
	at, err := os.ReadFile(filepath.Join(queue, "queue.url"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(queue, "queue.url"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	empty := t.TempDir()
	if status, _, stderr := runCommand(t, "worker", "--data", empty); status != 2 || !strings.Contains(stderr, "--data: no queue has run in "+empty) {
		t.Errorf("a folder without a queue: %d, %q", status, stderr)
	}
	const hint = "is kvscope serve running"
	_, host, _ := strings.Cut(string(at), "@")
	write("nats://another@" + host)
	if _, _, stderr := runCommand(t, "worker", "--data", folder); strings.Contains(stderr, hint) || !strings.Contains(stderr, "Authorization") {
		t.Errorf("with another secret: %q", stderr)
	}
	embedded.Close()
	write(string(at))
	if _, _, stderr := runCommand(t, "worker", "--data", folder); !strings.Contains(stderr, hint+" with --data "+folder) {
		t.Errorf("without a server: %q", stderr)
	}
}

// TestOpenHint: --open is named where a browser may be and was not asked for.
func TestOpenHint(t *testing.T) {
	t.Setenv("DISPLAY", ":0")
	if openHint(false) == "" || openHint(true) != "" {
		t.Errorf("with a desktop: %q, asked for: %q", openHint(false), openHint(true))
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if runtime.GOOS == "linux" && openHint(false) != "" {
		t.Errorf("without a desktop: %q", openHint(false))
	}
}

// TestQueueIsNamed: what is wrong with a queue is said of the flag, or of the variable of the
// environment, that names it.
func TestQueueIsNamed(t *testing.T) {
	for _, c := range []struct{ flag, variable, want string }{
		{"garbage", "", `kvscope worker: --queue: "garbage", want a URL such as`},
		{"", "garbage", `kvscope worker: KVSCOPE_QUEUE: "garbage", want a URL such as`},
		{"nats://127.0.0.1:1", "garbage", "kvscope worker: --queue: connect to queue: nats: no servers available for connection; is there a NATS server"},
		{"", "nats://127.0.0.1:1", "kvscope worker: KVSCOPE_QUEUE: connect to queue: nats: no servers"},
	} {
		t.Setenv(queueVariable, c.variable)
		args := []string{"worker"}
		if c.flag != "" {
			args = append(args, "--queue", c.flag)
		}
		if status, _, stderr := runCommand(t, args...); status == 0 || !strings.Contains(stderr, c.want) {
			t.Errorf("%q beside %q: status %d, %q, want %q", c.flag, c.variable, status, stderr, c.want)
		}
	}
}
