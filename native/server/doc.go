// Package server lets a browser watch runs: it serves the explorer's page and
// program, answers the HTTP API and streams runs over WebSockets.
//
//	GET  /api/models  {"models": [ModelInfo...]}
//	GET  /api/meta    {"version", "models", "tasks", "methods", "limits"}
//	POST /api/ask     run.Request in, figures.Result out
//	GET  /api/run     WebSocket: the client sends one run.Request as a JSON text
//	                  message, then receives the frames of package trace, one
//	                  binary message a frame, until the server closes; with
//	                  ?progress=1 text messages {"kind", "done", "of", "left_ms"}
//	                  between them say how far the prompt is read
//	POST /api/runs    run.Request in, {"id"} out: the run is kept to be looked into
//	GET  /api/runs/{id}/head  ?layer=&head=, what that head saw, as package lens
//	                  writes it; 404 when the run is no longer kept
//	PUT  /api/texts/{name}  keep a text under the first 16 hexadecimal digits of its
//	                  SHA-256, which a link names when it has no room for the text
//	GET  /api/texts/{name}  that text; 404 when it is not, or no longer, kept
//
//	GET    /api/experiments                list, with how each is doing
//	POST   /api/experiments                api.Order in, the new experiment out
//	POST   /api/experiments/estimate       api.Order in, api.Estimate out
//	GET    /api/experiments/{id}           the experiment, how it is doing, its rows
//	DELETE /api/experiments/{id}           forget it; what was computed stays
//	POST   /api/experiments/{id}/pause     and resume, cancel
//	GET    /api/experiments/{id}/progress  api.Status as it changes, server-sent events
//	GET    /api/experiments/{id}/hits      hit rate of every head
//	GET    /api/experiments/{id}/examples  answered examples of one row, named by ?model=…
//	GET    /api/experiments/{id}/charts    pictures, as ECharts options
//	GET    /api/experiments/{id}/chart.svg one of them, ?chart=ID
//	GET    /api/experiments/{id}/export    ?format=csv, json or html
//
// What a client did wrong is answered with status 4xx and
// {"error": {"field", "message"}}, over a WebSocket with a failure frame of the
// same two. Closing the WebSocket stops the run.
//
// The server trusts its own pages only: requests that a page of another origin
// makes are refused, and so are requests for a host name that is not its own, which is
// how a foreign page would get past the first rule. With a token it answers those only
// who show it, as a header, a cookie, or once as ?token= in the address.
//
// # Use
//
//	s, err := server.New(server.Config{Runner: run.NewCache(engine, 1<<30), Program: program, Loopback: true})
//	err = s.Serve(ctx, listener)
package server
