// Package simd has kernel tables in the vector instructions of WebAssembly. They stand
// in modules of their own, a few kilobytes, beside this program: it imports the memory
// of the program, so that nothing is copied, and the program imports its functions. The
// program must be there first, so what it imports are functions of the boot script that
// call the modules'.
//
// Sums are in the order of the reference, products rounded before they are added: the
// bits are those of the plain table. Where a browser has the relaxed vector instructions,
// products of matrices are fused with their sums on processors that can, as the tables of
// package native/simd do it, and so differ in their last bits.
//
//	k := simd.Best()
//	fmt.Println(k.Name)
package simd
