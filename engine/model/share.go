package model

import (
	"runtime"
	"sync"
)

// worthSharing is how many bytes of operands make it worth waking another core.
const worthSharing = 2 << 20

// share cuts [0, n) into parts, as many as there are cores but each with at least
// worthSharing of the given bytes, and calls work for all of them at once. Parts
// are numbered from 0 to parts(n, bytes)-1.
func share(n, bytes int, work func(part, lo, hi int)) {
	count := parts(n, bytes)
	if count == 1 {
		work(0, 0, n) // the common case of a small model, without an allocation
		return
	}
	var others sync.WaitGroup
	for p := 1; p < count; p++ {
		others.Add(1)
		go func() {
			defer others.Done()
			work(p, p*n/count, (p+1)*n/count)
		}()
	}
	work(0, 0, n/count)
	others.Wait()
}

// parts is the number of parts that share makes.
func parts(n, bytes int) int {
	if bytes < 2*worthSharing {
		return 1
	}
	return max(1, min(n, bytes/worthSharing, runtime.GOMAXPROCS(0)))
}
