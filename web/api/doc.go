// Package api holds the types that cross between a server and its page, each
// declared here once and imported by both. Requests of single runs and what they
// stream are types of their own packages: run.Request, trace.Event, lens.Head.
//
// Fields are in the order and under the names of the JSON they become.
package api
