package inputtest

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

const (
	cuts, flips = 120, 240
	seed        = 7
	head        = 4096 // bytes in which files say what they hold, and where half of the bits are turned
)

// Broken lets read have a good file, then cut short at many places and with single bits
// turned. It must refuse what it refuses in one line and may allocate, all in all, base
// bytes and so many for each of the file. When it accepts, it should use what was read.
func Broken(t *testing.T, name string, good []byte, base, perByte int, read func(data []byte) error) {
	t.Helper()
	if err := read(bytes.Clone(good)); err != nil {
		t.Errorf("%s as it is: %v", name, err)
		return
	}
	random := rand.New(rand.NewPCG(seed, 0))
	n := 1
	if testing.Short() {
		n = 4
	}
	for i := range cuts / n {
		at := i * len(good) / (cuts / n)
		try(t, name, "cut at", at, good[:at:at], base+perByte*len(good), read)
	}
	for i := range flips / n {
		within := len(good)
		if i%2 == 0 {
			within = min(within, head)
		}
		at := random.IntN(8 * within)
		data := bytes.Clone(good)
		data[at/8] ^= 1 << (at % 8)
		try(t, name, "bit", at, data, base+perByte*len(good), read)
	}
}

func try(t *testing.T, name, what string, at int, data []byte, most int, read func([]byte) error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s, %s %d (seed %d): panic: %v", name, what, at, seed, p)
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := read(data)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(most) {
		t.Errorf("%s, %s %d (seed %d): %d bytes of memory, want at most %d", name, what, at, seed, took, most)
	}
	if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
		t.Errorf("%s, %s %d (seed %d): refused with %q, want one line", name, what, at, seed, err)
	}
}
