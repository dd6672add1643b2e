// Package sampletest makes up runs for tests: as what a sink makes of them, and as files.
//
//	run, file := sampletest.File(t, sample.Spec{Method: "quest", Model: "m", Layers: 2, Heads: 3, Context: 300, Seed: 4})
package sampletest
