package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// tokenCookie holds the token of a browser that has shown it once.
const tokenCookie = "kvscope_token"

// requireToken lets a request through that shows token: in the header Authorization (Bearer), in
// the cookie, or in the address, as ?token=, which sets the cookie and goes on to the
// address without it. An empty token asks nobody.
func requireToken(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case r.Method == http.MethodGet && same(query.Get("token"), token):
			query.Del("token")
			to := *r.URL
			to.RawQuery = query.Encode()
			http.SetCookie(w, &http.Cookie{Name: tokenCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			w.Header().Set("Cache-Control", "no-store")
			// A path that begins with two slashes would be another host.
			http.Redirect(w, r, "/"+strings.TrimLeft(to.RequestURI(), "/"), http.StatusSeeOther)
		case shows(r, token):
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeError(w, http.StatusUnauthorized, "token",
				"this server asks for its token: open its address with ?token= and the token, or send the header Authorization: Bearer TOKEN")
		}
	})
}

// shows reports whether a request brings the token in its header or cookie.
func shows(r *http.Request, token string) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && same(bearer, token) {
		return true
	}
	c, err := r.Cookie(tokenCookie)
	return err == nil && same(c.Value, token)
}

// same compares in a time that tells nothing of either, their lengths included.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
