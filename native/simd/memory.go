//go:build !noasm && (amd64 || arm64)

package simd

// scanValues are the values that one call of the assembly goes through. It goes down
// their steps one narrow strip of channels after the other, which should still find
// the rows of the strip before in the cache and their pages in the processor's table;
// and the fewer its steps, the sooner it comes back to a page, which the processor
// reads ahead in. The narrow strips of AVX2 feel that most.
const scanValues = 8192
