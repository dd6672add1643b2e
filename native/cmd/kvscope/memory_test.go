package main

import (
	"io"
	"runtime/debug"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
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
	check := func(text string, limit int64, most int) {
		t.Helper()
		got, err := limitMemory(text)
		if now := debug.SetMemoryLimit(-1); err != nil || now != limit || got != most {
			t.Errorf("%q: limit %d, %d at most for kept runs (%v), want %d and %d", text, now, got, err, limit, most)
		}
	}
	check("400MiB", 400<<20, 100<<20)
	check("off", unlimited, unlimited/4)
	if n := debug.SetGCPercent(100); n != garbagePercent {
		t.Errorf("garbage may gather to %d%%, want %d", n, garbagePercent)
	}
	t.Setenv("GOMEMLIMIT", "1GiB") // read by the runtime at its start, not now
	debug.SetMemoryLimit(1 << 30)
	check("", 1<<30, 256<<20)
	check("8GB", 8e9, 2e9)
	t.Setenv("GOMEMLIMIT", "")
	if n := machine.Memory(); n > 8<<30 {
		check("", n/2, int(n/8))
	}
	if err := serve(t.Context(), []string{"--memory", "lots"}, io.Discard, io.Discard); input.Field(err) != "memory" {
		t.Errorf("serve: %v", err)
	}
}

// TestGarbageFor: beside much that is alive a smaller share of garbage gathers.
func TestGarbageFor(t *testing.T) {
	for alive, want := range map[uint64]int{0: garbagePercent, 100 << 20: garbagePercent, 512 << 20: garbagePercent, 1 << 30: 25, 2560 << 20: 10, 64 << 30: leastPercent} {
		if got := garbageFor(alive); got != want {
			t.Errorf("%d bytes alive: %d%%, want %d", alive, got, want)
		}
	}
}

// TestKeptLimit: a page may show four runs at the whole context of the largest model
// without one being forgotten, where memory allows it.
func TestKeptLimit(t *testing.T) {
	demo := run.ModelInfo{Layers: 6, Heads: 4, KVHeads: 4, HeadDim: 32, Context: 1024}
	smollm2 := run.ModelInfo{Layers: 30, Heads: 9, KVHeads: 3, HeadDim: 64, Context: 8192}
	for _, c := range []struct {
		models []run.ModelInfo
		most   int
		want   int
	}{
		{[]run.ModelInfo{demo}, 8 << 30, keptBytes},
		{[]run.ModelInfo{demo}, 100 << 20, 100 << 20},
		{[]run.ModelInfo{demo, smollm2}, 8 << 30, 4 * 8192 * 4 * 30 * 64 * 15},
		{[]run.ModelInfo{demo, smollm2}, 1 << 30, 1 << 30},
	} {
		if got := keptLimit(c.models, c.most); got != c.want {
			t.Errorf("%d models, at most %d: %d, want %d", len(c.models), c.most, got, c.want)
		}
	}
}
