//go:build !unix

package checkpoint

// load reads the file at path.
func load(path string) (data []byte, unmap func() error, err error) { return read(path) }
