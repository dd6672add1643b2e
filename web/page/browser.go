package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	colour "kvscope/viz/paint"
	"kvscope/web/state"
)

// themeKey is where the choice of colours is kept in the browser. The boot script
// reads it too, before this program runs.
const themeKey = "kvscope.theme"

// keptTheme is the choice of colours kept in the browser.
func keptTheme() state.Theme {
	kept := app.Window().Get("localStorage").Call("getItem", themeKey)
	if t := state.Theme(kept.String()); t == state.Light || t == state.Dark {
		return t
	}
	return state.System
}

// keepTheme keeps a choice of colours and shows it.
func keepTheme(t state.Theme) {
	root := app.Window().Get("document").Get("documentElement")
	if t == state.System {
		app.Window().Get("localStorage").Call("removeItem", themeKey)
		root.Call("removeAttribute", "data-theme")
		return
	}
	app.Window().Get("localStorage").Call("setItem", themeKey, string(t))
	root.Call("setAttribute", "data-theme", string(t))
}

// systemDark reports whether the system's colours are dark, now and whenever that
// changes, until stop is called.
func systemDark(changed func(dark bool)) (dark bool, stop func()) {
	query := app.Window().Call("matchMedia", "(prefers-color-scheme: dark)")
	stop = listen(query, "change", func(e app.Value) { changed(e.Get("matches").Bool()) })
	return query.Get("matches").Bool(), stop
}

// listen hears an event of the browser, outside go-app's own turn, until stop is
// called.
func listen(target app.Value, event string, f func(app.Value)) (stop func()) {
	h := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
	target.Call("addEventListener", event, h)
	return func() {
		target.Call("removeEventListener", event, h)
		h.Release()
	}
}

// typing reports whether a key belongs to the control that has the keyboard.
func typing(e app.Value) bool {
	// What fills in forms sends events that lack these.
	if e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy() || e.Get("altKey").Truthy() {
		return true
	}
	at := e.Get("target")
	switch at.Get("tagName").String() {
	case "TEXTAREA", "SELECT":
		return true
	case "INPUT":
		switch at.Get("type").String() {
		case "radio", "checkbox":
			key := e.Get("key").String()
			return key == " " || strings.HasPrefix(key, "Arrow")
		}
		return e.Get("key").String() != "Escape"
	case "BUTTON":
		key := e.Get("key").String()
		return key == " " || key == "Enter"
	}
	return false
}

// download hands a file to the browser.
func download(name, contentType string, content []byte) {
	data := app.Window().Get("Uint8Array").New(len(content))
	app.CopyBytesToJS(data, content)
	blob := app.Window().Get("Blob").New(app.Window().Get("Array").New(data), map[string]any{"type": contentType})
	save(name, app.Window().Get("URL").Call("createObjectURL", blob))
}

// save lets the browser save what is at an object's address, and forgets it.
func save(name string, url app.Value) {
	link := app.Window().Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	later(10*time.Second, func() { app.Window().Get("URL").Call("revokeObjectURL", url) })
}

// later calls f after a while.
func later(after time.Duration, f func()) {
	var h app.Func
	h = app.FuncOf(func(app.Value, []app.Value) any { h.Release(); f(); return nil })
	app.Window().Call("setTimeout", h, after.Milliseconds())
}

// downloadPNG lets the browser draw an SVG, twice as large, and save the picture.
func downloadPNG(name, svg string) {
	data := app.Window().Get("Uint8Array").New(len(svg))
	app.CopyBytesToJS(data, []byte(svg))
	blob := app.Window().Get("Blob").New(app.Window().Get("Array").New(data), map[string]any{"type": "image/svg+xml"})
	url := app.Window().Get("URL").Call("createObjectURL", blob)
	image := app.Window().Get("Image").New()
	var loaded app.Func
	loaded = app.FuncOf(func(app.Value, []app.Value) any {
		defer loaded.Release()
		canvas := app.Window().Get("document").Call("createElement", "canvas")
		w, h := 2*image.Get("width").Int(), 2*image.Get("height").Int()
		canvas.Set("width", w)
		canvas.Set("height", h)
		canvas.Call("getContext", "2d").Call("drawImage", image, 0, 0, w, h)
		app.Window().Get("URL").Call("revokeObjectURL", url)
		var made app.Func
		made = app.FuncOf(func(_ app.Value, args []app.Value) any {
			made.Release()
			save(name, app.Window().Get("URL").Call("createObjectURL", args[0]))
			return nil
		})
		canvas.Call("toBlob", made, "image/png")
		return nil
	})
	image.Set("onload", loaded)
	image.Set("src", url)
}

// lookUp finds the colours of the style sheet, written #rrggbb.
func lookUp(dark bool) func(name string) string {
	root := app.Window().Get("document").Call("querySelector", ".explorer")
	style := app.Window().Call("getComputedStyle", root)
	return func(name string) string {
		if name == "--bg" { // a picture stands on paper, not on the page
			name = "--panel"
		}
		c, err := colour.ParseColour(style.Call("getPropertyValue", name).String(), dark)
		if err != nil {
			app.Log("colours of the style sheet: ", err)
		}
		return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	}
}

// copyLink puts the address into the clipboard and says whether that worked.
func copyLink(note string, say func(text string)) {
	at := app.Window().Get("location").Get("href").String()
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		say("The browser lets nothing be copied here; the link is in the address bar." + note)
		return
	}
	var done, failed app.Func
	release := func() { done.Release(); failed.Release() }
	done = app.FuncOf(func(app.Value, []app.Value) any { release(); say("The link is copied." + note); return nil })
	failed = app.FuncOf(func(app.Value, []app.Value) any {
		release()
		say("The browser did not let the link be copied; it is in the address bar." + note)
		return nil
	})
	clipboard.Call("writeText", at).Call("then", done, failed)
}

// readFile reads a file that was chosen or dropped; a folder, for one, cannot be.
func readFile(file app.Value, done func(content []byte), failed func(why string)) {
	var read, not app.Func
	release := func() { read.Release(); not.Release() }
	read = app.FuncOf(func(_ app.Value, args []app.Value) any {
		release()
		data := app.Window().Get("Uint8Array").New(args[0])
		content := make([]byte, data.Get("length").Int())
		app.CopyBytesToGo(content, data)
		done(content)
		return nil
	})
	not = app.FuncOf(func(_ app.Value, args []app.Value) any {
		release()
		failed(args[0].Get("message").String())
		return nil
	})
	file.Call("arrayBuffer").Call("then", read, not)
}
