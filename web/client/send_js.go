package client

import (
	"context"
	"errors"
	"syscall/js"
)

// send asks with any method and tells status and body; body may be nil.
func send(ctx context.Context, method, at, contentType string, body []byte) (status int, answer []byte, err error) {
	type result struct {
		text string
		err  error
	}
	got := make(chan result, 1)
	abort := js.Global().Get("AbortController").New()
	failed := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- result{err: &LostError{errors.New(args[0].Call("toString").String())}}
		return nil
	})
	defer failed.Release()
	read := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- result{text: args[0].String()}
		return nil
	})
	defer read.Release()
	arrived := js.FuncOf(func(_ js.Value, args []js.Value) any {
		status = args[0].Get("status").Int()
		args[0].Call("text").Call("then", read, failed)
		return nil
	})
	defer arrived.Release()
	options := map[string]any{"method": method, "signal": abort.Get("signal")}
	if body != nil {
		options["body"] = string(body)
		options["headers"] = map[string]any{"Content-Type": contentType}
	}
	js.Global().Call("fetch", at, options).Call("then", arrived, failed)
	select {
	case r := <-got:
		return status, []byte(r.text), r.err
	case <-ctx.Done():
		abort.Call("abort")
		<-got // the functions above must outlive the fetch
		return 0, nil, context.Cause(ctx)
	}
}
