//go:build !noasm && !linux

package simd

// tilesAllowed is false: only Linux is known to be asked.
func tilesAllowed() bool { return false }
