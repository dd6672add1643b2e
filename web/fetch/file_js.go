package fetch

import (
	"context"
	"errors"
	"syscall/js"
)

// File gets the file at an address by the boot script, which unpacks it where its first
// bytes are those of gzip. It says, in a turn of the browser's own, how many unpacked
// bytes are there; told may be nil.
func File(ctx context.Context, at string, told func(bytes int)) ([]byte, error) {
	type answer struct {
		body []byte
		err  error
	}
	got := make(chan answer, 1)
	abort := js.Global().Get("AbortController").New()
	progress := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if told != nil {
			told(args[0].Int())
		}
		return nil
	})
	defer progress.Release()
	good := js.FuncOf(func(_ js.Value, args []js.Value) any {
		body := make([]byte, args[0].Get("length").Int())
		js.CopyBytesToGo(body, args[0])
		got <- answer{body: body}
		return nil
	})
	defer good.Release()
	bad := js.FuncOf(func(_ js.Value, args []js.Value) any {
		got <- answer{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	defer bad.Release()
	js.Global().Call("kvscopeFetch", at, abort.Get("signal"), progress).Call("then", good, bad)
	select {
	case a := <-got:
		return a.body, a.err
	case <-ctx.Done():
		abort.Call("abort")
		<-got // the functions above must outlive the fetch
		return nil, context.Cause(ctx)
	}
}
