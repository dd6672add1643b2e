package server

import (
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
)

// contentPolicy lets the page run our scripts and WebAssembly, talk to this server and
// to files that were opened on it, and nothing else. go-app sets style attributes, never style elements.
const contentPolicy = "default-src 'self'; " +
	"script-src 'self' 'wasm-unsafe-eval'; " +
	"style-src 'self'; style-src-attr 'unsafe-inline'; " +
	"img-src 'self' data: blob:; " +
	"connect-src 'self' blob:; " +
	"worker-src 'self' blob:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

// secured adds the headers that hold for every response. With embed, pages of any origin
// may show the one that is made for it in a frame.
func secured(embed bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if embed && r.URL.Path == "/embed" {
			h.Set("Content-Security-Policy", strings.Replace(contentPolicy, "frame-ancestors 'self'", "frame-ancestors *", 1))
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// guarded refuses what a page of another origin sends, and requests for a host name that
// is not of this server, which is how such a page would get past the first rule.
// WebSockets are safe methods to the check here; their own handshake compares origins.
func guarded(loopback bool, hosts []string, next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOurs(r.Host, loopback, hosts) {
			message := "this server does not answer to the host name of this request; use its address, or serve with --host and the name"
			if loopback {
				message = "this server answers to localhost only, not to the host name of this request; use http://localhost, or serve with --host and the name"
			}
			writeError(w, http.StatusMisdirectedRequest, "", message)
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			writeError(w, http.StatusForbidden, "", "requests from pages of other origins are refused")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOurs reports whether host, with or without a port, can only mean this server: one of
// hosts, this machine, or an address where other machines can reach it. No foreign page
// has an address for its origin and leads here.
func isOurs(host string, loopback bool, hosts []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if inner, opens := strings.CutPrefix(name, "["); opens && strings.HasSuffix(inner, "]") {
		name = strings.TrimSuffix(inner, "]")
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback() || !loopback
	}
	return strings.EqualFold(name, "localhost") ||
		slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(name, h) })
}

// recovered turns a panic of a handler into a log line and status 500.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // what was panicked with, not an error returned
				panic(p)
			}
			s.log.Error("panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			writeError(w, http.StatusInternalServerError, "", "internal error, the server's log has more")
		}()
		next.ServeHTTP(w, r)
	})
}
