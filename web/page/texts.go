package page

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Texts that are too long for an address are kept in the browser's local storage, which
// all tabs share: the newest of them, as many as fit the bound.
const (
	textKey   = "kvscope.text."
	textOrder = "kvscope.texts" // names, the newest first, with blanks between them
	mostKept  = 2 << 20         // characters of all texts together
)

// keepText keeps a text under a name and drops the oldest that there is no room for. It
// reports whether that worked: browsers have bounds of their own, and may keep nothing.
func keepText(name, text string) (kept bool) {
	defer func() {
		if recover() != nil { // what storage throws when it is full or forbidden
			kept = false
		}
	}()
	store := app.Window().Get("localStorage")
	names := slices.DeleteFunc(strings.Fields(asText(store.Call("getItem", textOrder))), func(n string) bool { return n == name })
	size := utf8.RuneCountInString(text)
	if size > mostKept {
		return false
	}
	order := []string{name}
	for _, old := range names {
		size += utf8.RuneCountInString(asText(store.Call("getItem", textKey+old)))
		if size > mostKept {
			store.Call("removeItem", textKey+old)
			continue
		}
		order = append(order, old)
	}
	store.Call("setItem", textKey+name, text)
	store.Call("setItem", textOrder, strings.Join(order, " "))
	return true
}

// keptText is the text of a name, "" when it is not kept here.
func keptText(name string) string {
	return asText(app.Window().Get("localStorage").Call("getItem", textKey+name))
}

// asText is what storage holds, "" for nothing.
func asText(v app.Value) string {
	if !v.Truthy() {
		return ""
	}
	return v.String()
}
