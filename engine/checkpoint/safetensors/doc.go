// Package safetensors reads where the tensors of a safetensors file lie, and their types.
// Package checkpoint, which reads their elements and files of other formats too, stands on
// it, and so do programs that must stay small:
//
//	metadata, entries, body, err := safetensors.Parse(file)
package safetensors
