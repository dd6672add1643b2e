package main

import (
	"io"
	"runtime/debug"
	"testing"

	"kvscope/engine/input"
	"kvscope/native/machine"
)

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"off": unlimited, "268435456": 256 << 20, "700MB": 700e6, "700MiB": 700 << 20, "1.5GiB": 3 << 29, "2G": 2 << 30, "300000 KB": 3e8,
	} {
		if got, err := parseMemory(text); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "much", "-1GB", "NaN", "NaNGB", "1e300GB", "255MiB", "2TB", "GB"} {
		if got, err := parseMemory(text); input.Field(err) != "memory" {
			t.Errorf("%q is %d (%v), want an error about memory", text, got, err)
		}
	}
}

// TestLimitMemory: the flag counts most, then GOMEMLIMIT, then half of the machine, and
// kept runs have a part of it.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	check := func(text string, limit int64, kept int) {
		t.Helper()
		got, err := limitMemory(text)
		if now := debug.SetMemoryLimit(-1); err != nil || now != limit || got != kept {
			t.Errorf("%q: limit %d, %d for kept runs (%v), want %d and %d", text, now, got, err, limit, kept)
		}
	}
	check("400MiB", 400<<20, 100<<20)
	check("off", unlimited, keptBytes)
	if n := debug.SetGCPercent(100); n != garbagePercent {
		t.Errorf("garbage may gather to %d%%, want %d", n, garbagePercent)
	}
	t.Setenv("GOMEMLIMIT", "1GiB") // read by the runtime at its start, not now
	debug.SetMemoryLimit(1 << 30)
	check("", 1<<30, 256<<20)
	check("8GB", 8e9, keptBytes)
	t.Setenv("GOMEMLIMIT", "")
	if n := machine.Memory(); n > 8<<30 {
		check("", n/2, keptBytes)
	}
	if err := serve(t.Context(), []string{"--memory", "lots"}, io.Discard, io.Discard); input.Field(err) != "memory" {
		t.Errorf("serve: %v", err)
	}
}
