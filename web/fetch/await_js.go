package fetch

import (
	"context"
	"errors"
	"syscall/js"
)

// Await waits for what a promise gives. Where ctx ends first, abort, the controller of what
// the promise stands for, is told to end that.
func Await(ctx context.Context, abort, promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	got := make(chan outcome, 1)
	good := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- outcome{value: args[0]}
		return nil
	})
	defer good.Release()
	bad := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- outcome{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	defer bad.Release()
	promise.Call("then", good, bad)
	select {
	case o := <-got:
		return o.value, o.err
	case <-ctx.Done():
		abort.Call("abort")
		<-got // the functions above must outlive the promise
		return js.Undefined(), context.Cause(ctx)
	}
}

// Bytes copies a Uint8Array.
func Bytes(array js.Value) []byte {
	out := make([]byte, array.Length())
	js.CopyBytesToGo(out, array)
	return out
}
