// Command wasm is the browser's main. In a page it registers the pages and hands over
// to go-app; in a worker, which has no document, it is the engine. Compiled for anything
// but js/wasm it does nothing.
//
//	GOOS=js GOARCH=wasm go build -o app.wasm ./web/cmd/wasm
package main
