package fetch

import (
	"context"
	"slices"
	"syscall/js"
)

// File gets the file at an address, of about so many bytes, by the boot script, which
// unpacks it where its first bytes are those of gzip. It says, in a turn of the browser's
// own, how many unpacked bytes are there; told may be nil. The file is in memory once: each
// piece is copied to its place when it comes.
func File(ctx context.Context, at string, size int, told func(bytes int)) ([]byte, error) {
	abort := js.Global().Get("AbortController").New()
	file := make([]byte, 0, size)
	take := js.FuncOf(func(_ js.Value, args []js.Value) any {
		piece, from := args[0], args[1].Int()
		end := from + piece.Length()
		file = slices.Grow(file[:from], end-from)[:end]
		js.CopyBytesToGo(file[from:], piece)
		if told != nil {
			told(end)
		}
		return nil
	})
	defer take.Release()
	if _, err := Await(ctx, abort, js.Global().Call("kvscopeFetch", at, abort.Get("signal"), take)); err != nil {
		return nil, err
	}
	return file, nil
}
