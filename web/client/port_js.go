package client

import (
	"encoding/json"
	"errors"
	"syscall/js"

	"kvscope/web/api"
)

// startWorker starts this program, which the boot script has compiled, in a worker.
func startWorker(to Listener) Port {
	p := &port{to: to, worker: js.Global().Call("kvscopeWorker")}
	p.heard = js.FuncOf(func(_ js.Value, args []js.Value) any { p.hear(args[0].Get("data")); return nil })
	p.broke = js.FuncOf(func(_ js.Value, args []js.Value) any {
		go to.Gone(errors.New(args[0].Get("message").String()))
		return nil
	})
	p.worker.Set("onmessage", p.heard)
	p.worker.Set("onerror", p.broke)
	return p
}

// port is the way to a worker of the browser.
type port struct {
	worker       js.Value
	to           Listener
	heard, broke js.Func
	ready        bool     // the program in the worker listens
	waiting      []string // asks from before
}

// Post implements Port.
func (p *port) Post(ask api.Ask) {
	text, err := json.Marshal(ask)
	if err != nil {
		panic("BUG: " + err.Error()) // only our own types come here
	}
	if !p.ready {
		p.waiting = append(p.waiting, string(text))
		return
	}
	p.worker.Call("postMessage", string(text))
}

// Close implements Port. Functions of a worker that is gone stay: a last message may be
// on its way to them.
func (p *port) Close() { p.worker.Call("terminate") }

// hear takes a message of the worker: that it is ready, that it is gone, or an answer.
func (p *port) hear(message js.Value) {
	switch {
	case message.Get("ready").Truthy():
		p.ready = true
		for _, text := range p.waiting {
			p.worker.Call("postMessage", text)
		}
		p.waiting = nil
	case message.Get("gone").Truthy():
		go p.to.Gone(errors.New(message.Get("gone").String()))
	default:
		var reply api.Reply
		if err := json.Unmarshal([]byte(message.Get("text").String()), &reply); err != nil {
			panic("BUG: what a worker says: " + err.Error())
		}
		var data []byte
		if bytes := message.Get("data"); bytes.Truthy() {
			data = make([]byte, bytes.Get("length").Int())
			js.CopyBytesToGo(data, bytes)
		}
		p.to.Reply(reply, data)
	}
}

// cores is how many workers can run at once without taking the page's own core.
func cores() int {
	n := js.Global().Get("navigator").Get("hardwareConcurrency")
	if !n.Truthy() {
		return 1
	}
	return n.Int()
}
