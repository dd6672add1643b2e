//go:build noasm || !(amd64 || arm64)

package simd

import "kvscope/engine/ops"

func nativeTables() []*ops.Kernels { return nil }
