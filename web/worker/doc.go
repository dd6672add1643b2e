// Package worker is the engine in a Web Worker of the page: the same program, started
// where there is no document. It is a host as the command and the server are: it loads
// models, runs requests and says what happens, in the messages of package api.
//
//	h := worker.New(worker.Config{Kernels: simd.Best(), Fetch: fetch, Reply: post})
package worker
