package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Space asks the browser how many bytes it keeps for this site, and may keep. A browser
// may not tell; then told is never called.
func Space(told func(used, most int)) {
	storage := app.Window().Get("navigator").Get("storage")
	if !storage.Truthy() {
		return
	}
	await(storage.Call("estimate"), func(of app.Value) {
		told(of.Get("usage").Int(), of.Get("quota").Int())
	}, func(app.Value) {})
}
