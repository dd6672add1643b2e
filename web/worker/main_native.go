//go:build !js

package worker

// Main runs the host where this program was started in a worker: only in a browser.
func Main() {}
