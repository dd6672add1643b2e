package page

import (
	"slices"
	"strings"
	"unicode/utf8"

	"kvscope/web/browser"
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
	names := slices.DeleteFunc(strings.Fields(browser.Local.Get(textOrder)), func(n string) bool { return n == name })
	size := utf8.RuneCountInString(text)
	if size > mostKept {
		return false
	}
	order := []string{name}
	for _, old := range names {
		size += utf8.RuneCountInString(browser.Local.Get(textKey + old))
		if size > mostKept {
			browser.Local.Remove(textKey + old)
			continue
		}
		order = append(order, old)
	}
	return browser.Local.Set(textKey+name, text) && browser.Local.Set(textOrder, strings.Join(order, " "))
}

// keptText is the text of a name, "" when it is not kept here.
func keptText(name string) string { return browser.Local.Get(textKey + name) }
