package fetch

import (
	"context"
	"syscall/js"
)

// File gets the file at an address by the boot script, which unpacks it where its first
// bytes are those of gzip. It says, in a turn of the browser's own, how many unpacked
// bytes are there; told may be nil.
func File(ctx context.Context, at string, told func(bytes int)) ([]byte, error) {
	abort := js.Global().Get("AbortController").New()
	progress := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if told != nil {
			told(args[0].Int())
		}
		return nil
	})
	defer progress.Release()
	file, err := Await(ctx, abort, js.Global().Call("kvscopeFetch", at, abort.Get("signal"), progress))
	if err != nil {
		return nil, err
	}
	return Bytes(file), nil
}
