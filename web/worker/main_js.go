package worker

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"syscall/js"
	"time"

	"kvscope/web/api"
	"kvscope/web/fetch"
	"kvscope/web/simd"
)

// Main runs the host where this program was started in a worker, and never returns
// there. In a page it returns at once.
func Main() {
	global := js.Global()
	if !global.Get("document").IsUndefined() {
		return
	}
	debug.SetGCPercent(spare)
	host := New(Config{Kernels: simd.Best(), Fetch: weights, Reply: post, Yield: yields(longest)})
	global.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var ask api.Ask
		if err := json.Unmarshal([]byte(args[0].Get("data").String()), &ask); err != nil {
			panic("BUG: what the page asks: " + err.Error())
		}
		go host.Receive(ask)
		return nil
	}))
	global.Call("postMessage", map[string]any{"ready": true})
	select {}
}

// spare is how much garbage there may be before it is collected, in percent of what is in use.
// The memory of a program of the browser never gets smaller, and most of it are weights,
// which cost nothing to look through.
const spare = 15

// longest is how long a run keeps the thread from the messages of the page.
const longest = 12 * time.Millisecond

// yields returns a function that lets the worker hear its messages when it has not for
// a while. A message of our own goes behind those that wait: timers would take
// milliseconds.
func yields(every time.Duration) func() {
	channel := js.Global().Get("MessageChannel").New()
	heard := make(chan struct{}, 64) // more runs than there are at once
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		heard <- struct{}{}
		return nil
	}))
	port, last := channel.Get("port2"), time.Now()
	return func() {
		if time.Since(last) < every {
			return
		}
		port.Call("postMessage", nil)
		<-heard
		last = time.Now()
	}
}

// post posts a message, and hands its bytes over without another copy.
func post(reply api.Reply, data []byte) {
	text, err := json.Marshal(reply)
	if err != nil {
		panic("BUG: " + err.Error()) // only our own types come here
	}
	message := js.Global().Get("Object").New()
	message.Set("text", string(text))
	if data == nil {
		js.Global().Call("postMessage", message)
		return
	}
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	message.Set("data", bytes)
	js.Global().Call("postMessage", message, []any{bytes.Get("buffer")})
}

// weights fetches the file of a model.
func weights(ctx context.Context, file api.SiteFile, told func(bytes int)) ([]byte, error) {
	return fetch.File(ctx, file.File, file.Size, told)
}
