// Package simd holds the kernel tables written for particular processors. Each
// has the meaning of ops.Reference, to which its tests hold it, and is chosen by
// what the running processor can do. The assembly is generated: see _generate.
// Built with the tag noasm, or for a processor without a table of its own, the
// package offers the reference alone.
//
//	k := simd.Best()
//	fmt.Println(k.Name)
package simd
