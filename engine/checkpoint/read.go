package checkpoint

import "os"

// read is load for what cannot be mapped.
func read(path string) (data []byte, unmap func() error, err error) {
	data, err = os.ReadFile(path)
	return data, func() error { return nil }, err
}
