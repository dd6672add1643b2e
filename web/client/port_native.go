//go:build !js

package client

// startWorker has no workers to start outside a browser.
func startWorker(Listener) Port { panic("BUG: workers outside a browser") }

// cores is not asked for outside a browser.
func cores() int { return 1 }
