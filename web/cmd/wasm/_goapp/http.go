// Package app is what go-app's HTTP server leaves behind where the browser program is
// compiled without it: with it come net/http, TLS and certificates, a seventh of the
// program, since their initial values are kept whether or not anything uses them. The
// Makefile puts this in the place of http.go, resource.go and static.go of the library.
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
