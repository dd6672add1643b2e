// Package app is go-app without its HTTP server: this file declares what the rest of the
// library names of it, so that the browser program is compiled without the server. With the
// server come net/http, TLS and certificates, a seventh of the program, since their initial
// values are kept whether or not anything uses them. The Makefile puts this file in the place
// of http.go, resource.go and static.go of the library.
package app

import "strings"

// Handler is the server's, which a browser has no use for.
type Handler struct{}

func isRemoteLocation(path string) bool {
	return strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://")
}

func isStaticResourcePath(path string) bool {
	return strings.HasPrefix(path, "/web/") || strings.HasPrefix(path, "web/")
}
