// Package simd has a kernel table in the vector instructions of WebAssembly. They stand
// in a module of their own, a few kilobytes, beside this program: it imports the memory
// of the program, so that nothing is copied, and the program imports its functions. The
// program must be there first, so what it imports are functions of the boot script that
// call the module's.
//
// Sums are in the order of the reference, products rounded before they are added: the
// bits are those of the plain table.
//
//	k := simd.Best()
//	fmt.Println(k.Name)
package simd
