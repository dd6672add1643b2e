package page

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/viz/paint"
	"kvscope/web/browser"
	"kvscope/web/state"
)

// themeKey is where the choice of colours is kept in the browser. The boot script
// reads it too, before this program runs.
const themeKey = "kvscope.theme"

// keptTheme is the choice of colours kept in the browser.
func keptTheme() state.Theme {
	if t := state.Theme(browser.Local.Get(themeKey)); t == state.Light || t == state.Dark {
		return t
	}
	return state.System
}

// keepTheme keeps a choice of colours and shows it.
func keepTheme(t state.Theme) {
	root := app.Window().Get("document").Get("documentElement")
	if t == state.System {
		browser.Local.Remove(themeKey)
		root.Call("removeAttribute", "data-theme")
		return
	}
	browser.Local.Set(themeKey, string(t))
	root.Call("setAttribute", "data-theme", string(t))
}

// lettersKey is where the browser keeps whether letters are keys: "off" where they are not.
const lettersKey = "kvscope.letters"

// keepLetters keeps the choice whether letters are keys.
func keepLetters(off bool) {
	if off {
		browser.Local.Set(lettersKey, "off")
		return
	}
	browser.Local.Remove(lettersKey)
}

// keptAround are the choices, kept in the browser, of what every page has around it.
func keptAround() []state.Action {
	return []state.Action{state.UseTheme{Theme: keptTheme()}, state.UseLetters{Off: browser.Local.Get(lettersKey) == "off"}}
}

// keepAround keeps such a choice.
func keepAround(f state.Effect) {
	switch f := f.(type) {
	case state.KeepTheme:
		keepTheme(f.Theme)
	case state.KeepLetters:
		keepLetters(f.Off)
	}
}

// lookUp finds the colours of the style sheet, written #rrggbb.
func lookUp(dark bool) func(name string) string {
	root := app.Window().Get("document").Call("querySelector", ".explorer")
	style := app.Window().Call("getComputedStyle", root)
	return func(name string) string {
		if name == "--bg" { // a picture stands on paper, not on the page
			name = "--panel"
		}
		c, err := paint.ParseColour(style.Call("getPropertyValue", name).String(), dark)
		if err != nil {
			app.Log("colours of the style sheet: ", err)
		}
		return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	}
}

// copyLink puts the address into the clipboard and says whether that worked.
func copyLink(note string, say func(text string)) {
	browser.CopyAddress(
		func() { say("The link is copied." + note) },
		func(allowed bool) {
			if !allowed {
				say("The browser lets nothing be copied here; the link is in the address bar." + note)
				return
			}
			say("The browser did not let the link be copied; it is in the address bar." + note)
		})
}

// copyCommand puts the line that asks for a request into the clipboard, or says why it
// cannot be there.
func copyCommand(req run.Request, say func(text string)) {
	line, ok := req.Command()
	if !ok {
		say("No command can repeat this: its text has a zero byte.")
		return
	}
	copyLine(line, say)
}

// copyLine puts a line for a shell into the clipboard.
func copyLine(line string, say func(text string)) {
	browser.Copy(line, func() { say("The command is copied.") }, func(bool) { say("The browser lets nothing be copied here: " + line) })
}
