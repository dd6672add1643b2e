//go:build !linux && !darwin && !windows

package machine

// physical is unknown here.
func physical() int64 { return 0 }
