package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Send asks an address of the page's own origin by a method, with a body of that type
// unless it is undefined. done gets the Response of a status of 200 to 299, failed any
// other status, 0 where there was no answer.
func Send(method, url, contentType string, body app.Value, done func(response app.Value), failed func(status int)) {
	with := map[string]any{"method": method}
	if !body.IsUndefined() {
		with["body"], with["headers"] = body, map[string]any{"Content-Type": contentType}
	}
	await(app.Window().Call("fetch", url, with), func(response app.Value) {
		if !response.Get("ok").Bool() {
			failed(response.Get("status").Int())
			return
		}
		done(response)
	}, func(app.Value) { failed(0) })
}

// TextOf reads the text of a Response.
func TextOf(response app.Value, done func(text string), failed func()) {
	await(response.Call("text"), func(text app.Value) { done(text.String()) }, func(app.Value) { failed() })
}

// BlobOf reads the file of a Response.
func BlobOf(response app.Value, done func(file app.Value), failed func()) {
	await(response.Call("blob"), done, func(app.Value) { failed() })
}
