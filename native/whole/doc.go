// Package whole writes files whole or not at all.
//
//	err := whole.Write("run.html", page, 0o644)
package whole
