package browser

import "strings"

// Storage keeps short texts under keys. A browser may keep nothing: then there is no text,
// and none is kept.
type Storage string

// The storages: of all tabs until somebody clears it, and of one tab until it closes.
const (
	Local   Storage = "localStorage"
	Session Storage = "sessionStorage"
)

// Get returns the text that is kept under a key, "" for none.
func (s Storage) Get(key string) (text string) {
	if store := allowed(string(s)); store.Truthy() {
		if v := store.Call("getItem", key); v.Truthy() {
			text = v.String()
		}
	}
	return text
}

// Set keeps a text under a key, and reports whether the browser did, which it does not where
// it is full.
func (s Storage) Set(key, text string) (kept bool) {
	store := allowed(string(s))
	return store.Truthy() && lets(func() { store.Call("setItem", key, text) })
}

// Keys lists the keys that begin with prefix.
func (s Storage) Keys(prefix string) []string {
	store := allowed(string(s))
	if !store.Truthy() {
		return nil
	}
	var out []string
	for i := range store.Get("length").Int() {
		if key := store.Call("key", i).String(); strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	return out
}

// Remove forgets what is kept under a key.
func (s Storage) Remove(key string) {
	if store := allowed(string(s)); store.Truthy() {
		store.Call("removeItem", key)
	}
}
