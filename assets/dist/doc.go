// Package dist holds the browser program as `make wasm` leaves it in files/, which
// is not committed: compiled, joined and compressed.
//
//	program, err := dist.Load()
package dist
