// Package client is the page's way to the engine: it asks for a run and hands on
// what happens, event by event. The page knows the Engine interface only; whether a
// server or a recorded run answers is decided where the page is made.
//
//	engine := client.NewServer(base)
//	err := engine.Run(ctx, request, sink)
//	if client.IsLost(err) {
//		// the server went away
//	}
package client
