package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Reveal takes away what stood on the screen before the program did, once what the page
// has drawn by now is seen.
func Reveal() { app.Window().Call("kvscopeReveal") }
