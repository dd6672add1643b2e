package browser

import (
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Storage keeps short texts under keys. A browser may keep nothing, and throws then.
type Storage string

// The storages: of all tabs until somebody clears it, and of one tab until it closes.
const (
	Local   Storage = "localStorage"
	Session Storage = "sessionStorage"
)

func (s Storage) store() app.Value { return app.Window().Get(string(s)) }

// Get returns the text that is kept under a key, "" for none.
func (s Storage) Get(key string) string {
	v := s.store().Call("getItem", key)
	if !v.Truthy() {
		return ""
	}
	return v.String()
}

// Set keeps a text under a key, and reports whether the browser did.
func (s Storage) Set(key, text string) (kept bool) {
	defer func() {
		if recover() != nil { // what storage throws when it is full or forbidden
			kept = false
		}
	}()
	s.store().Call("setItem", key, text)
	return true
}

// Keys lists the keys that begin with prefix.
func (s Storage) Keys(prefix string) []string {
	var out []string
	for i := range s.store().Get("length").Int() {
		if key := s.store().Call("key", i).String(); strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	return out
}

// Remove forgets what is kept under a key.
func (s Storage) Remove(key string) { s.store().Call("removeItem", key) }
