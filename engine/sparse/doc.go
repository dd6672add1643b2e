// Package sparse holds the selection methods: given one head's cached keys and a
// query, which positions may the query read. Two kinds exist and share no
// interface: a Selector picks anew for every query (Quest, MoBA, ...), an Evictor
// looks once after the prefill and drops the rest for good (SnapKV). A method sees
// one head's cache and nothing else: no model, no tracing.
//
// The cache may already hold positions after the query's (a prefill appends a
// whole chunk first). They do not exist for the query: a block that the query's
// position cuts is summarised from its visible part alone, so that a selection is
// the same, bit for bit, as it was when the query's position was the last one.
//
// # After an eviction
//
// What an Evictor keeps is a list of positions; the cache itself stays as it was.
// Later queries read the kept positions and every position appended since. The
// entries are not moved together, because a trace compares each pick with the
// dense attention over all of them, and because positions then mean the same
// before and after. The memory a deployment would hold is (kept + appended)·2·Dh
// floats a head, and that is the figure to report as stored KV.
//
// # What a step costs
//
// `kvscope bench --only decode` holds a step of every method at 32,768 tokens and a budget
// of 1/16, selection included, against dense attention and against Quest. One that reads
// single positions takes 1.4 to 2.2 times what Quest does: each is a jump in memory, where
// the positions of a block follow each other. Methods whose own work adds to that say so.
//
// # Use
//
//	plan, err := sparse.New(sparse.Config{Method: "quest"}.With("budget", "1/8"), len(prompt))
//	var picked sparse.Selection
//	plan.Selector.Select(&picked, sparse.Query{Q: q, Position: len(prompt) - 1}, cache)
//	fmt.Println(picked.Spans)
package sparse
