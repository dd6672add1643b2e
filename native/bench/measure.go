package bench

import (
	"context"
	"time"
)

// turns times sides in turn, rounds times, and returns the shortest time of each.
// What is quicker than a tenth of a millisecond is called several times a turn.
func turns(ctx context.Context, rounds int, sides ...func()) ([]time.Duration, error) {
	best := make([]time.Duration, len(sides))
	calls := make([]int, len(sides))
	for i, side := range sides {
		side() // memory that has never been touched is not what is measured
		start := time.Now()
		side()
		calls[i] = 1 + int(100*time.Microsecond/(1+time.Since(start)))
	}
	for range rounds {
		for i, side := range sides {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			start := time.Now()
			for range calls[i] {
				side()
			}
			keepLeast(&best[i], time.Since(start)/time.Duration(calls[i]))
		}
	}
	return best, nil
}

// sweep times one visit to each of n places and keeps the shortest time of each.
func sweep(best []time.Duration, visit func(i int)) {
	for i := range best {
		start := time.Now()
		visit(i)
		keepLeast(&best[i], time.Since(start))
	}
}

func keepLeast(best *time.Duration, d time.Duration) {
	if *best == 0 || d < *best {
		*best = max(d, 1)
	}
}

func sum(ds []time.Duration) (total time.Duration) {
	for _, d := range ds {
		total += d
	}
	return total
}

// perSecond is a rate in units of 1e9.
func perSecond(amount float64, d time.Duration) float64 { return amount / float64(d.Nanoseconds()) }

// noise returns n values in [-1, 1), always the same.
func noise(n int) []float32 {
	x := make([]float32, n)
	fillNoise(x, uint64(n))
	return x
}

// fillNoise is a xorshift generator: a gigabyte should take a second.
func fillNoise(x []float32, seed uint64) {
	s := seed*0x9e3779b97f4a7c15 + 1
	for i := range x {
		s ^= s << 13
		s ^= s >> 7
		s ^= s << 17
		x[i] = float32(int32(s>>32)) * 0x1p-31
	}
}
