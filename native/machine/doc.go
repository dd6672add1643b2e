// Package machine says what the machine has that this program runs on.
//
//	if n := machine.Memory(); n > 0 {
//		debug.SetMemoryLimit(n / 2)
//	}
package machine
