// Package simd holds the kernel tables written for particular processors. Each
// has the meaning of ops.Reference, to which its tests hold it, and is chosen by
// what the running processor can do. The assembly is generated: see _generate.
// Built with the tag noasm, or for a processor without a table of its own, the
// package offers the reference alone.
package simd

import "kvscope/engine/ops"

//go:generate go run -C _generate .

// Best returns the fastest table this processor can run.
func Best() *ops.Kernels { return Tables()[0] }

// Tables returns every table this processor can run, the fastest first and
// ops.Reference last.
func Tables() []*ops.Kernels { return append(nativeTables(), ops.Reference()) }
