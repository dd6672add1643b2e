package bench

import (
	"context"
	"fmt"

	"kvscope/engine/ops"
)

// measureAttention takes heads of the demo's size and of a large model's.
func measureAttention(ctx context.Context, o Options, add func(Row)) error {
	for _, dim := range []int{o.Sizes.HeadDim / 4, o.Sizes.HeadDim} {
		if err := measureCausal(ctx, o, dim, add); err != nil {
			return err
		}
	}
	return nil
}

// measureCausal holds attention of a whole sequence, which is two products forward and
// five backward with a softmax between them, against a product alone, of a size that
// suits the caches. Only what a query may read is counted.
func measureCausal(ctx context.Context, o Options, dim int, add func(Row)) error {
	const square = 256
	tokens := o.Sizes.Square[len(o.Sizes.Square)-1]
	view := func() ops.Matrix { return ops.Dense(noise(tokens*dim), tokens, dim) }
	a := ops.CausalAttention{Out: view(), Query: view(), Keys: view(), Values: view(), LogSum: make([]float32, tokens), Scale: 0.1}
	dquery, dkeys, dvalues, dout := view(), view(), view(), view()
	dst, x, y := ops.Dense(noise(square*square), square, square), ops.Dense(noise(square*square), square, square), ops.Dense(noise(square*square), square, square)
	best, err := turns(ctx, o.Sizes.Rounds,
		func() { o.Kernels.AttendCausal(a) },
		func() { o.Kernels.AttendCausalBackward(dquery, dkeys, dvalues, dout, a) },
		func() { o.Kernels.MatMul(dst, x, y, false) })
	if err != nil {
		return err
	}
	product := perSecond(2*square*square*square, best[2])
	work := float64(tokens) * float64(tokens+1) * float64(dim)
	for i, pass := range []struct {
		name     string
		products float64
	}{{"attention/forward", 2}, {"attention/backward", 5}} {
		rate := perSecond(pass.products*work, best[i])
		add(Row{
			Name: pass.name, Size: fmt.Sprintf("%d tokens, a head of %d", tokens, dim), Value: rate, Unit: "GFLOP/s",
			Ratio: rate / product, Baseline: fmt.Sprintf("matmul of %d", square),
		})
	}
	return nil
}
