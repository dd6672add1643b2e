//go:build !js

package client

import "kvscope/web/api"

// startWorker has no workers to start outside a browser.
func startWorker([]api.SiteFile, Listener) Port { panic("BUG: workers outside a browser") }

// cores is not asked for outside a browser.
func cores() int { return 1 }
