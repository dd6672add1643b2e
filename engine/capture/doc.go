// Package capture reads queries, keys and values saved from any model, so that
// selection methods can be tried on them without the model.
//
// A file, safetensors or npz, holds them in one of these forms, N being the last
// queries of T positions, Hkv a divisor of H:
//
//	q [L, H, N, Dh], k and v [L, Hkv, T, Dh]       all layers in one tensor
//	q [H, N, Dh],    k and v [Hkv, T, Dh]          one layer
//	layers.{i}.q, .k, .v of either shape [H, N, Dh] or [1, H, N, Dh]
//	layers.{i}.q [N, H*Dh], .k and .v [T, Hkv*Dh]  as `kvscope dump` writes them
//
// q and k are rotated, as attention reads them. Where layers.{i}.k_mem stands beside
// layers.{i}.k, attention read k_mem, the keys after the memory. Values are not needed to
// select, so v may be missing or have a width of its own. An Order, from
// "[batch, seq, head, head_dim]" or "bshd" say, gives the order of the axes where it is not
// [head, seq, head_dim]; the metadata's "num_head" says how many heads of queries lie side by side in
// the rows of a matrix.
//
//	f, err := checkpoint.Open("qkv.npz")
//	c, err := capture.Read(f)
package capture
