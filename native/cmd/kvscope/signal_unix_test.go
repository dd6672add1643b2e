//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestSecondSignalEnds: a command that does not listen, since it waits for a file, ends
// with the second signal. The test runs itself as that command.
func TestSecondSignalEnds(t *testing.T) {
	const path = "KVSCOPE_TEST_TRACE_IN"
	if in := os.Getenv(path); in != "" {
		os.Args = []string{"kvscope", "trace", "--in", in}
		main()
		return
	}
	in := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(in, 0o600); err != nil {
		t.Skipf("this file system has no named pipes, run the test on one that does: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSecondSignalEnds$")
	cmd.Env = append(os.Environ(), path+"="+in)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// Once the other end is open for reading, the command waits for what is written here.
	var pipe *os.File
	for deadline := time.Now().Add(20 * time.Second); pipe == nil; time.Sleep(10 * time.Millisecond) {
		var err error
		if pipe, err = os.OpenFile(in, os.O_WRONLY|syscall.O_NONBLOCK, 0); err != nil && time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("the command does not read: %v", err)
		}
	}
	defer pipe.Close()
	signal := func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	signal()
	select {
	case err := <-ended:
		t.Fatalf("the first signal ended the command, which so could not clean up: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	signal()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		t.Error("the second signal did not end the command")
	}
}
