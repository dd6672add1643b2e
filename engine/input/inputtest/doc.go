// Package inputtest holds parsers to what every parser owes its user: that a damaged file
// is refused in one line, or read as what it has become, and never takes more memory or
// time than a file of its size may.
//
//	inputtest.Broken(t, "model.gguf", file, 1<<20, 64, func(data []byte) error {
//		_, err := checkpoint.Parse(data)
//		return err
//	})
package inputtest
