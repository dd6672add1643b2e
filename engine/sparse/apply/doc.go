// Package apply runs one selection method on query, key and value tensors dumped
// from any model, so that what kvscope selects can be held against another
// implementation, or a method tried on a model that kvscope does not run.
//
// The input is a safetensors file with float tensors
//
//	q  [H, T, Dh] or [H, Dh]     rotated queries at the last T (or one) positions
//	k  [Hkv, S, Dh]              rotated keys, Hkv a divisor of H
//	v  [Hkv, S, Dh]
//
// in that order of axes, unless the metadata's "layout" gives another, such as
// "[seq, head, head_dim]"; a leading axis of size 1 is dropped. What comes out:
//
//	selected  U8   1 where a query may read: [H, S] positions for a method that
//	               selects once or at a decoding step, which is the last query;
//	               [H, T, blocks] for one that selects for every query of a prefill
//	score     F32  the method's scores: [H, blocks] or [H, S], and [H, T, blocks]
//	               with -Inf for blocks in a query's future; +Inf for SnapKV's
//	               window, which is kept unscored; absent when it has none
//	out       F32  the attention of q over what is selected: laid out as q for a
//	               prefill, [H, Dh] of the last query otherwise
package apply
