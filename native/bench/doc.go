// Package bench measures what this machine's kernels reach: each against the
// machine's own memory or against another way to the same result.
//
// # Method
//
// The two sides of a ratio are measured in one run, in turns, so that both meet
// the same machine. A turn is short, about a millisecond, and the shortest of many
// counts: other programs only ever add to a time. A decoding step over a large
// cache is timed head by head, and the shortest times of its heads are summed.
// Between two visits to a head more memory passes than any cache holds.
//
// # Use
//
//	report, err := bench.Run(ctx, bench.Options{Kernels: simd.Best(), Sizes: bench.Full(), Only: "matmul"})
package bench
