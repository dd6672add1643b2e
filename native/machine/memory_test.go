package machine

import (
	"runtime"
	"testing"
)

func TestMemory(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "darwin", "windows":
		if n := Memory(); n < 64<<20 || n > 1<<50 {
			t.Errorf("this machine has %d bytes of memory", n)
		}
	default:
		if n := Memory(); n != 0 {
			t.Errorf("%d bytes, from nowhere", n)
		}
	}
}

func TestLimit(t *testing.T) {
	for text, want := range map[string]int64{"max\n": 0, "536870912\n": 512 << 20, "": 0, "9223372036854771712\n": 9223372036854771712} {
		if got := limit(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
