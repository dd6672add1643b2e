// Package run is the straight line from a request to a trace: it builds the
// prompt, prefills, decodes with the asked selection method and emits what
// happened. The command line, the server and the browser all call it.
//
//	engine := run.NewEngine(simd.Best())
//	err := engine.Open("ratplus", "ratplus.safetensors", "")
//	var recorded trace.Run
//	err = engine.Run(ctx, run.Request{Model: "ratplus", Task: "S-1", Config: sparse.Config{Method: "quest"}}, &recorded)
package run
