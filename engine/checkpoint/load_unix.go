//go:build unix

package checkpoint

import (
	"os"
	"syscall"
)

// load maps the file at path into memory, read-only, so that opening a large
// checkpoint costs only the pages that are read.
func load(path string) (data []byte, unmap func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	// An empty file cannot be mapped, and a pipe has no size: both are read.
	if !info.Mode().IsRegular() || info.Size() == 0 || int64(int(info.Size())) != info.Size() {
		return read(path)
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return read(path)
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
