package bench

import (
	"context"
	"fmt"

	"kvscope/engine/ops"
)

// measureMatMul holds the matrix product against the portable one.
func measureMatMul(ctx context.Context, o Options, add func(Row)) error {
	for _, n := range o.Sizes.Square {
		dst, a, b := ops.Dense(noise(n*n), n, n), ops.Dense(noise(n*n), n, n), ops.Dense(noise(n*n), n, n)
		best, err := turns(ctx, max(1, o.Sizes.Rounds/4),
			func() { o.Kernels.MatMul(dst, a, b, false) },
			func() { ops.Reference().MatMul(dst, a, b, false) })
		if err != nil {
			return err
		}
		flop := 2 * float64(n) * float64(n) * float64(n)
		add(Row{
			Name: "matmul", Size: fmt.Sprintf("%dx%dx%d", n, n, n), Value: perSecond(flop, best[0]), Unit: "GFLOP/s",
			Ratio: float64(best[1]) / float64(best[0]), Baseline: "matmul in plain Go",
		})
	}
	return nil
}
