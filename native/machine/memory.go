package machine

import (
	"os"
	"strconv"
	"strings"
)

// Memory is the memory, in bytes, that this program may use at most: that of the machine,
// or of the container (Linux control groups) where that is less. It is 0 where nobody
// says.
func Memory() int64 {
	all := physical()
	// Version 2 of control groups, then version 1. Within a container the root is its own.
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n := limit(string(text)); n > 0 && (all == 0 || n < all) {
			all = n
		}
	}
	return all
}

// limit is the number in a control group's file, 0 for "max".
func limit(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
