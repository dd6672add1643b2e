package client

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"
)

// get fetches what is at an address. It asks the browser itself: net/http's client
// would add its own TLS to the program and double its size.
func get(ctx context.Context, at string) ([]byte, error) {
	type answer struct {
		text string
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
		got <- answer{text: args[0].String()}
		return nil
	})
	defer read.Release()
	arrived := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if !args[0].Get("ok").Bool() {
			got <- answer{err: fmt.Errorf("ask %s: status %d", at, args[0].Get("status").Int())}
			return nil
		}
		args[0].Call("text").Call("then", read, failed)
		return nil
	})
	defer arrived.Release()
	js.Global().Call("fetch", at, map[string]any{"signal": abort.Get("signal")}).Call("then", arrived, failed)
	select {
	case a := <-got:
		return []byte(a.text), a.err
	case <-ctx.Done():
		abort.Call("abort")
		<-got // the functions above must outlive the fetch
		return nil, context.Cause(ctx)
	}
}
