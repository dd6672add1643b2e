package page

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/state"
)

// keep keeps a text in the browser and, where the engine does so, on the server, and says
// who keeps it. A text that is kept already is not sent again.
func (e *Explorer) keep(f state.KeepText) {
	if f.Name == e.kept {
		return
	}
	e.kept = f.Name
	out := state.TextKept{Name: f.Name, Browser: keepText(f.Name, f.Text)}
	texts, ok := e.engine.Engine.(client.Texts)
	if !ok || !f.Server {
		e.do(out)
		return
	}
	go func() {
		err := texts.KeepText(context.Background(), f.Text)
		e.ctx.Dispatch(func(app.Context) {
			out.Server = err == nil
			if err != nil {
				e.kept = "" // so that it is tried again
			}
			e.do(out)
		})
	}()
}

// findText asks the server for a text.
func (e *Explorer) findText(name string) {
	texts, ok := e.engine.Engine.(client.Texts)
	go func() {
		text := ""
		if ok {
			var err error
			if text, err = texts.Text(context.Background(), name); err != nil {
				app.Log("ask for the text of the link: ", err)
			}
		}
		e.ctx.Dispatch(func(app.Context) { e.do(state.TextFound{Name: name, Text: text}) })
	}()
}

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
