//go:build !noasm

package simd

import "syscall"

// tilesAllowed asks the system for the registers of AMX, which it gives to those that ask
// alone, since they make a thread's state eight times as large.
func tilesAllowed() bool {
	const (
		requestPermission = 0x1023 // ARCH_REQ_XCOMP_PERM
		tileData          = 18     // XFEATURE_XTILEDATA
	)
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return errno == 0
}
