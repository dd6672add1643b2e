package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall/js"
)

// socket is a connection that carries messages both ways: the browser's own WebSocket,
// since a library would bring net/http, TLS and certificates into the program.
type socket struct {
	ws     js.Value
	funcs  []js.Func
	opened chan struct{} // closed once it is open
	ended  chan struct{} // closed once it is closed
	why    error         // of the end, set before ended is closed

	mu      sync.Mutex
	waiting []received
	added   chan struct{} // a message was, since the last look
}

// received is a message that came.
type received struct {
	data   []byte
	isText bool
}

// dial opens a WebSocket.
func dial(ctx context.Context, at string) (*socket, error) {
	s := &socket{
		ws: js.Global().Get("WebSocket").New(at), opened: make(chan struct{}), ended: make(chan struct{}),
		added: make(chan struct{}, 1),
	}
	s.ws.Set("binaryType", "arraybuffer")
	s.on("open", func(js.Value) { close(s.opened) })
	s.on("message", func(event js.Value) { s.add(event.Get("data")) })
	s.on("close", func(event js.Value) { s.end(event.Get("code").Int()) })
	select {
	case <-s.opened:
		return s, nil
	case <-s.ended:
		return nil, s.why
	case <-ctx.Done():
		s.close()
		return nil, context.Cause(ctx)
	}
}

func (s *socket) on(event string, heard func(event js.Value)) {
	f := js.FuncOf(func(_ js.Value, args []js.Value) any { heard(args[0]); return nil })
	s.funcs = append(s.funcs, f)
	s.ws.Call("addEventListener", event, f)
}

// add takes a message. It never waits: it happens in a turn of the browser's own.
func (s *socket) add(data js.Value) {
	m := received{isText: data.Type() == js.TypeString}
	if m.isText {
		m.data = []byte(data.String())
	} else {
		bytes := js.Global().Get("Uint8Array").New(data)
		m.data = make([]byte, bytes.Length())
		js.CopyBytesToGo(m.data, bytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, m)
	select {
	case s.added <- struct{}{}:
	default:
	}
}

// normalClosure is the code of a connection whose other side had no more to say.
const normalClosure = 1000

// end is the last event that the browser tells of.
func (s *socket) end(code int) {
	s.why = errClosed
	if code != normalClosure {
		s.why = fmt.Errorf("the connection ended with code %d", code)
	}
	close(s.ended)
	for _, f := range s.funcs {
		f.Release()
	}
}

// send sends a text.
func (s *socket) send(_ context.Context, text []byte) error {
	if state := s.ws.Get("readyState").Int(); state != 1 {
		return errors.New("the connection is closed")
	}
	s.ws.Call("send", string(text))
	return nil
}

// receive waits for the next message; errClosed says that the other side has no more.
func (s *socket) receive(ctx context.Context) (data []byte, isText bool, err error) {
	for {
		s.mu.Lock()
		if len(s.waiting) > 0 {
			m := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.mu.Unlock()
			return m.data, m.isText, nil
		}
		s.mu.Unlock()
		select {
		case <-s.added:
		case <-s.ended:
			if len(s.added) == 0 {
				return nil, false, s.why
			}
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
}

// close closes the connection, without waiting for the other side. Of the codes that end
// one early browsers let a page send none: the run behind it would go on.
func (s *socket) close() { s.ws.Call("close", normalClosure) }
