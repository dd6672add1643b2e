package simd

import "kvscope/engine/ops"

//go:generate go run -C _generate .

// Best returns the fastest table this processor can run.
func Best() *ops.Kernels { return Tables()[0] }

// Tables returns every table this processor can run, the fastest first and
// ops.Reference last.
func Tables() []*ops.Kernels { return append(nativeTables(), ops.Reference()) }
