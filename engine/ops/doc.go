// Package ops defines the kernel table: every numeric loop the engine spends its
// time in, as one struct of coarse functions. Reference is the portable table in
// plain Go; other packages supply faster tables with the same meaning, and
// opstest holds every table to it. A table is injected where it is needed, there
// is no global one.
//
// # Rounding
//
// What a method selects must not depend on the processor. Every kernel but MatMul
// and AttendCausal therefore gives the same bits on every table: products are rounded
// before they are added, sums over a row are taken in 16 lanes and folded in halves,
// and the exponential and the normal distribution are the package's own.
//
// Products of one token with quantised blocks (BlockKernels) take its activations in whole
// numbers of 16 bits (Rounded), whose sums are exact; the float32 sums over their parts have
// an order that every table keeps. A prompt is multiplied by the widened blocks.
//
// MatMul may fuse and regroup, since that is half its speed. Against exact
// arithmetic an element is off by at most (K+2)·2^-24·Σ|a·b|. On one table its bits
// depend only on its row of a, its column of b and K, so that a token computes
// alike alone and in a batch. AttendCausal is made of such products.
//
// # Use
//
//	k := ops.Reference()
//	k.Attend(dst, weights, q, keys, values, []ops.Span{{Start: 0, End: 64}}, scale, 1)
package ops
