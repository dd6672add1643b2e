package checkpoint

import "kvscope/engine/checkpoint/safetensors"

// DType names the element type of a tensor as safetensors spells it, or the block of a GGUF
// file.
type DType = safetensors.DType

// The element types of safetensors. C64 is a pair of F32.
const (
	Bool   = safetensors.Bool
	U8     = safetensors.U8
	I8     = safetensors.I8
	F8E5M2 = safetensors.F8E5M2
	F8E4M3 = safetensors.F8E4M3
	F8E8M0 = safetensors.F8E8M0
	I16    = safetensors.I16
	U16    = safetensors.U16
	F16    = safetensors.F16
	BF16   = safetensors.BF16
	I32    = safetensors.I32
	U32    = safetensors.U32
	F32    = safetensors.F32
	C64    = safetensors.C64
	F64    = safetensors.F64
	I64    = safetensors.I64
	U64    = safetensors.U64
)

// MaxHeader is the largest header that safetensors allows, in bytes.
const MaxHeader = safetensors.MaxHeader

// instead says what to save where numbers of type d cannot be read as float32.
func instead(d DType) string {
	switch d {
	case F8E5M2, F8E4M3, F8E8M0:
		return ": save it as float32, times the scale that it is stored with"
	case C64:
		return ": save what attention reads, which is real"
	}
	return ""
}
