// Package niah makes the eight needle-in-a-haystack tasks of RULER
// (arXiv:2404.06654): a haystack with needles in it, the question, the expected
// answer, and for every answer token the place in the prompt it is copied from.
// It also wraps a user's own text in the same question, scores answers and reads
// RULER's own files. It knows no model.
//
//	task, err := niah.ByID("MK-1")
//	ex, err := niah.Generate(task, tok, niah.Options{Context: 1024, Seed: 1})
//	share := niah.Score(ex.Expected, answer)
package niah
