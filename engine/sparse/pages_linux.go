package sparse

import (
	"syscall"
	"unsafe"
)

// wantHugePages asks for x, not yet written to, to lie in pages of 2 MiB. Blocks
// are picked from all over a long cache, and with small pages finding where a block
// lies takes longer than its first lines. The system may well refuse: then nothing
// changes but the time.
func wantHugePages(x []float32) {
	const page, huge = 4 << 10, 2 << 20
	if 4*len(x) < 2*huge {
		return
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
	if past := int(uintptr(unsafe.Pointer(&x[0])) % page); past > 0 {
		bytes = bytes[page-past:]
	}
	_ = syscall.Madvise(bytes, syscall.MADV_HUGEPAGE)
}
