// Package browser gives the pages the parts of the browser that they need besides drawing:
// events, the address, storage, files, the clipboard. Nothing in it knows what the pages show.
// Callbacks come from outside go-app's own turn.
//
//	stop := browser.Listen(app.Window(), "keydown", func(e app.Value) { ... })
//	browser.Download("run.csv", "text/csv", content)
//	browser.Address{Query: "task=MK-1", Push: true}.Write()
package browser
