// Package model runs transformers token by token over a KV cache: the two backbones of
// the paper, attention and RAT+, and the decoders listed in arch.go. Where attention
// reads, an injected selection method says which positions; what it read is handed to
// an observer as it happens.
//
//	m, err := model.Open("SmolLM2-135M-Instruct", ops.Reference())
//	s, err := m.NewSession(model.Options{Block: 16, Capacity: 512})
//	logits, err := s.Prefill(ids)
package model
