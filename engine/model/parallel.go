package model

import (
	"runtime"
	"sync"
)

// grainSize is how many bytes of operands make it worth waking another core.
const grainSize = 2 << 20

// parallelFor cuts [0, n) into chunks, as many as there are cores but each with at least
// grainSize of the given bytes, and calls work for all of them at once. Chunks
// are numbered from 0 to chunksOf(n, bytes)-1.
func parallelFor(n, bytes int, work func(chunk, lo, hi int)) {
	count := chunksOf(n, bytes)
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

// chunksOf is the number of chunks that parallelFor makes.
func chunksOf(n, bytes int) int {
	if bytes < 2*grainSize {
		return 1
	}
	return max(1, min(n, bytes/grainSize, runtime.GOMAXPROCS(0)))
}
