package client

import (
	"context"
	"errors"
	"syscall/js"
)

// get fetches what is at an address. It asks the browser itself: net/http's client
// would add its own TLS to the program and double its size.
func get(ctx context.Context, at string) ([]byte, error) {
	type answer struct {
		body []byte
		err  error
	}
	got := make(chan answer, 1)
	abort := js.Global().Get("AbortController").New()
	failed := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- answer{err: &LostError{errors.New(args[0].Call("toString").String())}}
		return nil
	})
	defer failed.Release()
	read := js.FuncOf(func(_ js.Value, args []js.Value) any {
		body := js.Global().Get("Uint8Array").New(args[0])
		b := make([]byte, body.Length())
		js.CopyBytesToGo(b, body)
		got <- answer{body: b}
		return nil
	})
	defer read.Release()
	arrived := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if !args[0].Get("ok").Bool() {
			got <- answer{err: &statusError{at, args[0].Get("status").Int()}}
			return nil
		}
		args[0].Call("arrayBuffer").Call("then", read, failed)
		return nil
	})
	defer arrived.Release()
	js.Global().Call("fetch", at, map[string]any{"signal": abort.Get("signal")}).Call("then", arrived, failed)
	select {
	case a := <-got:
		return a.body, a.err
	case <-ctx.Done():
		abort.Call("abort")
		<-got // the functions above must outlive the fetch
		return nil, context.Cause(ctx)
	}
}
