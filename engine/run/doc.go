// Package run is the straight line from a request to a trace: it builds the
// prompt, prefills, decodes with the asked selection method and emits what
// happened. The command line, the server and the browser all call it.
package run
