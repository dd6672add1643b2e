package machine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// status is MEMORYSTATUSEX of the Windows API.
type status struct {
	length, load                       uint32
	totalPhysical, availPhysical       uint64
	totalPageFile, availPageFile       uint64
	totalVirtual, availVirtual, extend uint64
}

// physical is the machine's memory in bytes, 0 when unknown.
func physical() int64 {
	s := status{length: uint32(unsafe.Sizeof(status{}))}
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if ok, _, _ := call.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return 0
	}
	return int64(s.totalPhysical)
}
