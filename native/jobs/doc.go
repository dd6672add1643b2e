// Package jobs computes the cells of experiments: in this process, or on a queue
// that any number of worker processes take from.
//
// The queue is NATS JetStream, embedded in the program or an external cluster. One
// dispatcher, beside the store, keeps a few dozen cells on it:
//
//	store ──pending──► Dispatcher ──kvscope.cells.<experiment>.<key>──► workers
//	  ▲                                                                   │
//	  └────────idempotent upsert──── kvscope.results ◄────────────────────┘
//
// A worker acknowledges a cell only after its result is in the second stream, and
// the dispatcher acknowledges a result only after it is in the store. So whoever
// dies, the cell or the result is delivered again; and since a result is stored
// under the cell's key, one that comes twice counts once.
//
// # Use
//
//	measured, failed, err := jobs.Compute(ctx, store, engine, cells, 4, nil)
package jobs
