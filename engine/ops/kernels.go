package ops

// Kernels is a table of numeric kernels. Every function is safe for concurrent
// use on disjoint destinations. Unless stated otherwise a destination may not
// overlap a source. Lengths that do not fit together panic with both lengths.
type Kernels struct {
	// Name says which implementation this is: "go", "avx2", "avx512", "amx", "neon".
	Name string

	// Coarse is how much more than float32 would MatMul, and the products that AttendCausal
	// is made of, may be off by, as a share of Σ|a·b|: 0, or CoarseBF16 where they multiply
	// parts in bfloat16.
	Coarse float64

	// MatMul computes dst = a·b, or dst += a·b when accumulate is set, for
	// dst [M, N], a [M, K], b [K, N] with any strides (a transposed operand is a
	// view with its strides swapped). dst overlaps neither a nor b. It runs on
	// the calling goroutine alone.
	MatMul func(dst, a, b Matrix, accumulate bool)

	// MatVec computes dst[r] = Σ_c w[r, c]·x[c] for w [len(dst), len(x)].
	MatVec func(dst, w, x []float32)

	// MatVecBF16 is MatVec for a matrix of fewer bits and a few tokens at once:
	// dst[t, r] = Σ_c w[r, c]·x[t, c] for w [M, K] in bfloat16, x [tokens, K], dst
	// [tokens, M]. Sums are float32; the bits are those of MatVec on the widened w.
	MatVecBF16 func(dst []float32, w []uint16, x []float32, tokens int)

	// MatVecInt8 is the same for whole numbers with a scale for each row:
	// dst[t, r] = scale[r]·Σ_c w[r, c]·x[t, c].
	MatVecInt8 func(dst []float32, w []int8, scale, x []float32, tokens int)

	// Blocks are the kernels of formats of package quant by their names. A matrix in a
	// format that they lack is widened.
	Blocks map[string]BlockKernels

	// Add computes dst[i] += x[i].
	Add func(dst, x []float32)

	// RMSNorm computes dst[t, c] = x[t, c]·weight[c] / sqrt(mean_c(x[t, c]²) + eps)
	// for x [T, len(weight)]. dst may be x.
	RMSNorm func(dst, x, weight []float32, eps float32)

	// RMSNormBackward adds the gradient of RMSNorm: dx [T, D] += ∂/∂x and
	// dweight [D] += ∂/∂weight, given dy [T, D] and the forward inputs.
	RMSNormBackward func(dx, dweight, dy, x, weight []float32, eps float32)

	// Softmax replaces every row of x [rows, cols] by softmax(scale·row), with the
	// row maximum subtracted first. Entries equal to -Inf become exactly zero, and
	// so does a row of nothing else; NaN or +Inf make their whole row NaN.
	Softmax func(x []float32, cols int, scale float32)

	// SoftmaxBackward turns dp [rows, cols], the gradient of p = softmax(scale·s),
	// into the gradient of s, in place: ds = scale · p ∘ (dp − Σ_c dp∘p).
	SoftmaxBackward func(dp, p []float32, cols int, scale float32)

	// Sigmoid computes dst[i] = 1/(1+exp(-x[i])). dst may be x.
	Sigmoid func(dst, x []float32)

	// SiLU computes dst[i] = x[i]/(1+exp(-x[i])). dst may be x.
	SiLU func(dst, x []float32)

	// GELU computes dst[i] = x[i]·Φ(x[i]) with the exact (erf) Φ. dst may be x.
	GELU func(dst, x []float32)

	// GELUBackward computes dx[i] = dy[i]·(Φ(x[i]) + x[i]·φ(x[i])). dx may be dy.
	GELUBackward func(dx, dy, x []float32)

	// RoPE rotates x [rows, len(cos)*2] in place by the rotate-half rule, the same
	// angle for every row: with h = len(cos), for i < h
	//	x[i], x[i+h] = x[i]·cos[i] − x[i+h]·sin[i], x[i+h]·cos[i] + x[i]·sin[i].
	// Negating sin gives the inverse, which is also its gradient. A row is a head.
	RoPE func(x, cos, sin []float32)

	// MemoryScan runs the exponentially decaying memory over T steps of C
	// channels: y[t] = g[t]∘y[t−1] + (1−g[t])∘x[t], y[−1] = state. C is
	// len(state); dst, gate and x are views [T, C] with column stride 1. state
	// ends as y[T−1]. dst may be x.
	MemoryScan func(dst Matrix, state []float32, gate, x Matrix)

	// MemoryScanBackward is the gradient of MemoryScan started from state zero,
	// all views [T, C] with column stride 1. Given dy, y (the forward result), gate
	// and x, it writes dx and adds to dgate, with the running adjoint
	//	a[t] = dy[t] + g[t+1]∘a[t+1]
	//	dx[t] = (1−g[t])∘a[t],  dgate[t] += (y[t−1] − x[t])∘a[t].
	// dx may be dy.
	MemoryScanBackward func(dx, dgate, dy, y, gate, x Matrix)

	// MinMax folds rows [n, len(lo)] into running per-channel bounds:
	// lo[c] = min(lo[c], rows[·, c]), hi[c] = max(hi[c], rows[·, c]). NaN in rows
	// moves no bound.
	MinMax func(lo, hi, rows []float32)

	// BoundScores computes Quest's upper bound for n = len(dst) blocks:
	// dst[b] = Σ_c max(q[c]·lo[b, c], q[c]·hi[b, c]), lo and hi [n, len(q)].
	BoundScores func(dst, q, lo, hi []float32)

	// DotRows computes dst[i] = Σ_c q[c]·rows[i, c] for rows [len(dst), len(q)].
	DotRows func(dst, q, rows []float32)

	// KthLargest returns the k-th largest value of x, 1 <= k <= len(x), and how many
	// values are above it. NaN counts as -Inf, and -0 as 0: neither is returned.
	KthLargest func(x []float32, k int) (value float32, above int)

	// Attend computes attention of queries over the gathered positions of spans, the same
	// for each: with s_j = scale·q[i]·keys[j], w = softmax(s), dst[i] = Σ_j w_j·values[j]
	// for q and dst [queries, Dh], keys and values [capacity, Dh]. spans are ascending,
	// disjoint and not empty. weights, [queries, the summed length of spans], receives w
	// in order. Without spans dst is zero. The bits of a query are those it has alone.
	Attend func(dst, weights, q, keys, values []float32, spans []Span, scale float32, queries int)

	// AttendCausal computes attention of the last queries of a sequence over all of it
	// into a.Out; see CausalAttention. It goes through keys and values in tiles with a
	// running maximum and sum (arXiv:2205.14135) and keeps no weights. All matrices
	// have column stride 1. Like MatMul it may round differently on every table, and
	// the bits of a query depend only on its operands and its position. A NaN or an
	// infinite value at j may also reach queries up to 63 positions before j.
	AttendCausal func(a CausalAttention)

	// AttendCausalBackward writes the gradients of AttendCausal, dquery [n, Dh], dkeys
	// and dvalues [T, Dh], given dout [n, Dh] and what the forward pass took and left,
	// LogSum included.
	AttendCausalBackward func(dquery, dkeys, dvalues, dout Matrix, a CausalAttention)

	// AdamW applies one step of decoupled-weight-decay Adam in place:
	//	m = b1·m + (1−b1)·g, v = b2·v + (1−b2)·g²
	//	p −= lr·(m/c1 / (sqrt(v/c2) + eps) + decay·p)
	// with g = gradScale·grad and c1, c2 the bias corrections 1−b1^t, 1−b2^t.
	AdamW func(p, m, v, grad []float32, h AdamWStep)
}

// CoarseBF16 is Kernels.Coarse of products whose operands are sums of two values in bfloat16,
// 2^-14: what is left of each operand, the product of their second parts, which is left out,
// and the rounding of three sums in place of one.
const CoarseBF16 = 1. / (1 << 14)

// AdamWStep holds the scalars of one AdamW step; see Kernels.AdamW.
type AdamWStep struct {
	LR, Beta1, Beta2, Eps, Decay, GradScale, Correction1, Correction2 float32
}
