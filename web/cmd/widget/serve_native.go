//go:build !js

package main

// serve has no page to serve.
func serve() {}
