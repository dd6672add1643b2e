package client

import (
	"context"
	"syscall/js"

	"kvscope/web/fetch"
)

// send asks with any method and tells status and body; body may be nil. It asks the browser
// itself: net/http's client would add its own TLS to the program and double its size.
func send(ctx context.Context, method, at, contentType string, body []byte) (status int, answer []byte, err error) {
	abort := js.Global().Get("AbortController").New()
	options := map[string]any{"method": method, "signal": abort.Get("signal")}
	if body != nil {
		options["body"] = string(body)
		options["headers"] = map[string]any{"Content-Type": contentType}
	}
	lost := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &LostError{err}
	}
	response, err := fetch.Await(ctx, abort, js.Global().Call("fetch", at, options))
	if err != nil {
		return 0, nil, lost(err)
	}
	content, err := fetch.Await(ctx, abort, response.Call("arrayBuffer"))
	if err != nil {
		return 0, nil, lost(err)
	}
	return response.Get("status").Int(), fetch.Bytes(js.Global().Get("Uint8Array").New(content)), nil
}

// ahead takes what the boot script has fetched from an address while the program was on its
// way, nil where it has nothing from there, or not any more.
func ahead(at string) []byte {
	all := js.Global().Get("kvscopeAhead")
	if !all.Truthy() {
		return nil
	}
	text := all.Get(at)
	if !text.Truthy() {
		return nil
	}
	all.Delete(at)
	return []byte(text.String())
}
