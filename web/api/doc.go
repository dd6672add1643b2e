// Package api holds the types that cross between a server and its page, each
// declared here once and imported by both. Requests of single runs and what they
// stream are types of their own packages: run.Request, trace.Event, lens.HeadTensors.
//
// Fields are in the order and under the names of the JSON they become.
//
//	e := api.Describe(experiment, status)
//	err := json.NewEncoder(w).Encode(e)
package api
