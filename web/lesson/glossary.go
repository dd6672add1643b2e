package lesson

import "slices"

// Entry explains a term.
type Entry struct{ Term, Text string }

// Glossary lists the terms that lessons link to, by name.
func Glossary() []Entry {
	return []Entry{
		{"block", "A number of consecutive tokens whose keys and values are read together or not at all; 16 here, 16 to 64 in serving engines, which call it a page."},
		{"bound", "Quest's score of a block: the largest product with the query that any key could have whose channels lie between the block's smallest and largest. It is never below the true largest."},
		{"budget", "The share of the KV cache that a query may read. 1/8 of 64 blocks are 8 blocks."},
		{"eviction", "Throwing entries of the cache away for good. It saves memory; what was thrown away cannot be read by any later query."},
		{"gate", "A number between 0 and 1 for each channel and token: how much of what was stored before stays in the entry of this token."},
		{"head", "One of the parallel attentions of a layer, with queries, keys and values of its own. Layer 1 head 2 is written L1·2."},
		{"hit", "A head hits when the token that the answer is copied from is among what it read at every step of the answer."},
		{"kernel", "The weights with which earlier tokens are in an entry with memory. They fall off exponentially, and sum to one."},
		{"key", "What a token is found by. The product of a query with it says how much attention the token gets."},
		{"KV cache", "Keys and values of all tokens so far, kept so that they need not be computed again for each new token."},
		{"memory length", "The number of latest tokens that hold nine tenths of a head's kernel."},
		{"needle", "The sentence hidden in the prompt that has the answer. What surrounds it is the haystack."},
		{"observation window", "The last queries of the prompt, whose attention decides in SnapKV which tokens stay."},
		{"oracle", "A selection by the true attention, which a method would have to read everything to know: the ceiling for any method that picks as many."},
		{"query", "What a token looks for: a vector that is multiplied with all keys. Every token of the answer has its own."},
		{"swap", "Four runs of one model that select with or without the memory, and compute with or without it, to tell apart what each does."},
	}
}

// Explain is the entry of a term.
func Explain(term string) (Entry, bool) {
	all := Glossary()
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Term == term })
	if i < 0 {
		return Entry{}, false
	}
	return all[i], true
}
