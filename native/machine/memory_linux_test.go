package machine

import "testing"

func TestTotal(t *testing.T) {
	const text = "MemTotal:       24683812 kB\nMemFree:        20024884 kB\n"
	if got := total(text); got != 24683812<<10 {
		t.Errorf("got %d", got)
	}
	for _, bad := range []string{"", "MemTotal: much kB\n", "MemTotal: 5 MB\n"} {
		if got := total(bad); got != 0 {
			t.Errorf("%q: %d", bad, got)
		}
	}
}
