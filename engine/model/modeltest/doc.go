// Package modeltest finds models for tests that are too large to be kept beside them.
//
//	m, err := model.Open(modeltest.SmolLM2(t), ops.Reference())
package modeltest
