// Package apply runs one selection method on query, key and value tensors dumped
// from any model, so that what kvscope selects can be held against another
// implementation, or a method tried on a model that kvscope does not run.
//
// The input is a safetensors file, an npz or one of torch.save with float tensors
//
//	q  [H, T, Dh] or [H, Dh]     rotated queries at the last T (or one) positions
//	k  [Hkv, S, Dh]              rotated keys, Hkv a divisor of H
//	v  [Hkv, S, Dv]              may be missing
//
// in that order of axes, unless Options.Layout or the file's "layout" gives another,
// such as "[batch, seq, head, head_dim]" or "bshd"; a batch is of one. Beside them may
// stand
//
//	attention_mask or mask [S]   0 for padding, at the beginning or the end
//	scale                        of the softmax, Dh^-1/2 otherwise
//	method, and its parameters   by their own names or those of the authors' code
//
// the last two as metadata or as numbers of one element. What nothing was made of is
// listed in Result.Ignored. Padding is left out before a method sees anything: blocks
// begin at the first token. What comes out, of the S positions of k and the T queries
// and blocks of tokens:
//
//	selected  U8   1 where a query may read: [H, S] positions for a method that
//	               selects once or at a decoding step, which is the last query;
//	               [H, T, blocks] that it reads any of, for one that selects for
//	               every query of a prefill
//	score     F32  the method's scores: [H, blocks], or [H, tokens], and [H, T, blocks]
//	               with -Inf for blocks in a query's future; +Inf for SnapKV's
//	               window, which is kept unscored; absent when it has none
//	out       F32  the attention of q over what is selected: laid out as q for a
//	               prefill, [H, Dv] of the last query otherwise; absent without v
//
// # Use
//
//	f, err := checkpoint.Open("qkv.safetensors")
//	r, err := apply.Run(sparse.Config{Method: "quest"}.With("block", "16"), apply.Options{}, f, ops.Reference())
package apply
