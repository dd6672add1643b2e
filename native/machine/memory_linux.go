package machine

import (
	"os"
	"strconv"
	"strings"
)

// physical is the machine's memory in bytes, 0 when unknown.
func physical() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return total(string(text))
}

// total is the line MemTotal of /proc/meminfo, in bytes: "MemTotal:       24683812 kB".
func total(text string) int64 {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "MemTotal:" || words[2] != "kB" {
			continue
		}
		if n, err := strconv.ParseInt(words[1], 10, 64); err == nil {
			return n << 10
		}
	}
	return 0
}
