package client

import (
	"context"
	"syscall/js"
)

// follow hears the messages of a stream of events until ctx is over. The browser asks
// again by itself where the stream breaks off.
func follow(ctx context.Context, at string, heard func(message []byte)) {
	source := js.Global().Get("EventSource").New(at)
	message := js.FuncOf(func(_ js.Value, args []js.Value) any {
		heard([]byte(args[0].Get("data").String()))
		return nil
	})
	source.Set("onmessage", message)
	<-ctx.Done()
	source.Call("close")
	message.Release()
}
