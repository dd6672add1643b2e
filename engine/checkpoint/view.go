package checkpoint

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

// View is the elements of t as they lie in its Data, without a copy where the
// processor reads them so: on a little-endian one, at an address that T may have.
// Elsewhere it is a copy. T must have the size of t's elements.
func View[T int8 | uint8 | uint16 | float32](t Tensor) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if size != t.DType.Size() {
		panic(fmt.Sprintf("checkpoint: tensor %q of %s viewed in elements of %d bytes", t.Name, t.DType, size))
	}
	if len(t.Data) == 0 {
		return nil
	}
	at := unsafe.Pointer(unsafe.SliceData(t.Data))
	if littleEndian && uintptr(at)%uintptr(size) == 0 {
		return unsafe.Slice((*T)(at), len(t.Data)/size)
	}
	out := make([]T, len(t.Data)/size)
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), len(t.Data))
	copy(bytes, t.Data)
	if !littleEndian {
		for ; len(bytes) > 0; bytes = bytes[size:] {
			for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
				bytes[i], bytes[j] = bytes[j], bytes[i]
			}
		}
	}
	return out
}

// littleEndian says how this processor keeps numbers in memory.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
