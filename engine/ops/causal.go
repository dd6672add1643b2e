package ops

import (
	"fmt"
	"math"
)

// CausalAttention is attention of n queries over T positions, the last n of which
// are theirs: query i stands at position p = T−n+i and reads the j ≤ p that Mask
// allows. With s_j = Scale·query[i]·keys[j] and w = softmax(s),
// out[i] = Σ_j w_j·values[j].
type CausalAttention struct {
	Out, Query   Matrix // [n, Dh]
	Keys, Values Matrix // [T, Dh]
	// LogSum is log Σ_j exp(s_j) of every query, [n], which the backward pass needs;
	// nil where there is none.
	LogSum []float32
	Mask   Mask
	Scale  float32
}

// A tile is that many queries by keys: its scores, 32 KiB, stay in the first cache
// or near it. Keys are cut at multiples of causalKeys, wherever the queries stand, so
// that the bits of a query do not depend on those beside it.
const (
	causalQueries = 64
	causalKeys    = 128
)

func attendCausal(a CausalAttention) {
	n, t := CheckCausal(a)
	scores := make([]float32, causalQueries*causalKeys)
	for i := 0; i < n; i += causalQueries {
		rows := min(causalQueries, n-i)
		query, out := a.Query.rows(i, i+rows), a.Out.rows(i, i+rows)
		first := t - n + i
		var top, sum [causalQueries]float32
		for r := range top {
			top[r] = -math.MaxFloat32
		}
		for j := 0; j < first+rows; j += causalKeys {
			end := min(j+causalKeys, first+rows)
			p := Dense(scores, rows, end-j)
			matMul(p, query, a.Keys.rows(j, end).T(), false)
			for r := range rows {
				row := p.Row(r)
				a.Mask.Hide(row, first+r, j)
				if shrink := SoftmaxStep(row, a.Scale, &top[r], &sum[r]); j > 0 {
					scaleBy(out.Row(r), shrink)
				}
			}
			matMul(out, p, a.Values.rows(j, end), j > 0)
		}
		for r := range rows {
			inv, logSum := SoftmaxEnd(top[r], sum[r])
			scaleBy(out.Row(r), inv)
			if a.LogSum != nil {
				a.LogSum[i+r] = logSum
			}
		}
	}
}

// attendCausalBackward computes the weights again, which costs less than keeping
// them: w = exp(s − logSum). With δ = dout·out, which is Σ_j w_j·(dout·values[j]),
// the gradient of s is Scale·w∘(dout·values[j] − δ).
func attendCausalBackward(dquery, dkeys, dvalues, dout Matrix, a CausalAttention) {
	n, t := CheckCausalBackward(dquery, dkeys, dvalues, dout, a)
	scores, slopes := make([]float32, causalQueries*causalKeys), make([]float32, causalQueries*causalKeys)
	dkeys.zero()
	dvalues.zero()
	for i := 0; i < n; i += causalQueries {
		rows := min(causalQueries, n-i)
		query, up, dq := a.Query.rows(i, i+rows), dout.rows(i, i+rows), dquery.rows(i, i+rows)
		first := t - n + i
		for j := 0; j < first+rows; j += causalKeys {
			end := min(j+causalKeys, first+rows)
			p, ds := Dense(scores, rows, end-j), Dense(slopes, rows, end-j)
			keys, values := a.Keys.rows(j, end), a.Values.rows(j, end)
			matMul(p, query, keys.T(), false)
			matMul(ds, up, values.T(), false)
			for r := range rows {
				a.Mask.Hide(p.Row(r), first+r, j)
				SoftmaxSlope(p.Row(r), ds.Row(r), a.Scale, a.LogSum[i+r], dot(up.Row(r), a.Out.Row(i+r)))
			}
			matMul(dq, ds, keys, j > 0)
			matMul(dvalues.rows(j, end), p.T(), up, true)
			matMul(dkeys.rows(j, end), ds.T(), query, true)
		}
	}
}

// SoftmaxStep goes on with the softmax of a row whose scores come in parts. top and
// total are those of the parts before, -MaxFloat32 and 0 at first: the largest scaled
// score, and Σ exp(scale·s − top). It folds in scores, replaces them by
// exp(scale·s − top), and returns what everything weighted so far is to be
// multiplied with: exp of the old top less the new one.
func SoftmaxStep(scores []float32, scale float32, top, total *float32) (shrink float32) {
	old := *top
	peak := old
	for _, v := range scores {
		peak = larger(v*scale, peak)
	}
	for i, v := range scores {
		scores[i] = expNegative(float32(v*scale) - peak)
	}
	shrink = expNegative(old - peak)
	*top = peak
	*total = float32(*total*shrink) + sum(scores)
	return shrink
}

// SoftmaxEnd returns what weighted values are divided by after the last SoftmaxStep,
// as a factor, and log Σ exp(scale·s). As in Softmax nothing but -Inf leaves zeros.
func SoftmaxEnd(top, sum float32) (inv, logSum float32) {
	sum = larger(1, sum)
	return 1 / sum, top + float32(math.Log(float64(sum)))
}

// SoftmaxSlope turns scores into weights, w = exp(scale·s − logSum), and dp, the
// gradient of w, into that of scores: scale·w∘(dp − delta), delta being Σ w∘dp.
func SoftmaxSlope(scores, dp []float32, scale, logSum, delta float32) {
	for i, v := range scores {
		w := expNegative(float32(v*scale) - logSum)
		scores[i] = w
		dp[i] = float32(scale*w) * (dp[i] - delta)
	}
}

func scaleBy(x []float32, by float32) {
	if by == 1 {
		return
	}
	for i := range x {
		x[i] *= by
	}
}

// CheckCausal panics unless the operands of AttendCausal fit together; it returns n
// and T.
func CheckCausal(a CausalAttention) (n, t int) {
	n, t = a.Query.Rows, a.Keys.Rows
	d := a.Query.Cols
	if d < 1 || n > t {
		panic(fmt.Sprintf("ops: AttendCausal of %d queries of %d over %d positions", n, d, t))
	}
	CheckSteps("AttendCausal", n, d, a.Query, a.Out)
	CheckSteps("AttendCausal", t, d, a.Keys, a.Values)
	if a.LogSum != nil {
		CheckSame("AttendCausal queries and their sums", n, len(a.LogSum))
	}
	if m := a.Mask; m.Dilation < 0 || m.Window < 0 || m.Initial < 0 {
		panic(fmt.Sprintf("ops: AttendCausal with the mask %+v, want nothing negative", m))
	}
	return n, t
}

// CheckCausalBackward is CheckCausal for AttendCausalBackward.
func CheckCausalBackward(dquery, dkeys, dvalues, dout Matrix, a CausalAttention) (n, t int) {
	n, t = CheckCausal(a)
	CheckSteps("AttendCausalBackward", n, a.Query.Cols, dquery, dout)
	CheckSteps("AttendCausalBackward", t, a.Query.Cols, dkeys, dvalues)
	CheckSame("AttendCausalBackward queries and their sums", n, len(a.LogSum))
	return n, t
}
