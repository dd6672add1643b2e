// Package engine is the portable heart of kvscope: it runs a transformer over a
// prompt, selects key-value entries the way a sparse-attention method would, and
// records what was selected. It imports nothing but the standard library and
// itself, knows no CPU, no HTTP and no UI, and builds natively and for js/wasm.
//
// # Notation
//
// Fixed once, used everywhere:
//
//	T    tokens in a sequence        L   layers
//	H    query heads                 Hkv key-value heads (= H unless stated)
//	Dh   size of one head            D   model width, D = H*Dh
//	B    tokens in a block           K   blocks a query may read
//	P    tokens in the prompt        V   vocabulary size
//
// Tensors are float32, row-major, the last axis contiguous. A weight that maps
// n inputs to m outputs is stored [m, n], as PyTorch does. Positions count from
// zero. A destination is always the first argument.
//
// # Data flow of one run
//
//	request ─ niah/tokenizer ─ model.Prefill ─┬─ sparse selects ─ model attends ─ trace events
//	                                          └─ model.Step, one token at a time, same line
//
// # Use
//
// Package run is the way in; the packages below it stand alone too.
//
//	engine := run.NewEngine(simd.Best())
//	err := engine.Open("ratplus", "ratplus.safetensors", "")
//	err = engine.Run(ctx, run.Request{Model: "ratplus", Task: "S-1", Config: sparse.Config{Method: "quest"}}, sink)
package engine
