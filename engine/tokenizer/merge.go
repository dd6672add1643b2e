package tokenizer

// merges maps two neighbouring tokens to the one they become, and its rank: a byte-pair
// encoding applies the merge of the lowest rank first.
type merges map[[2]int32]merged

type merged struct {
	rank int
	id   int32
}

// symbol is a token of a word while its neighbours are merged: a doubly linked list
// over a slice.
type symbol struct {
	id         int32
	start, end int // bytes of the word
	prev, next int // -1 at the ends
	gone       bool
}

// candidate is a pair that may be merged: the symbol left and the one after it.
type candidate struct {
	rank, left int
	pair       [2]int32 // ids as they were; the candidate is stale when they are others
	id         int32
}

// before orders candidates: lowest rank, then leftmost.
func (c candidate) before(o candidate) bool {
	return c.rank < o.rank || c.rank == o.rank && c.left < o.left
}

// apply merges symbols until no pair of neighbours is known and returns what is left,
// in order. It takes n log n steps: a text without a blank may be one word.
func (m merges) apply(symbols []symbol) []symbol {
	var queue []candidate
	offer := func(left int) {
		if left < 0 || symbols[left].next < 0 {
			return
		}
		pair := [2]int32{symbols[left].id, symbols[symbols[left].next].id}
		if to, ok := m[pair]; ok {
			queue = push(queue, candidate{to.rank, left, pair, to.id})
		}
	}
	for i := range symbols {
		symbols[i].prev, symbols[i].next = i-1, i+1
	}
	if len(symbols) > 0 {
		symbols[len(symbols)-1].next = -1
	}
	for i := range symbols {
		offer(i)
	}
	for len(queue) > 0 {
		var c candidate
		c, queue = pop(queue)
		left := &symbols[c.left]
		if left.gone || left.next < 0 || [2]int32{left.id, symbols[left.next].id} != c.pair {
			continue
		}
		right := &symbols[left.next]
		left.id, left.end, left.next, right.gone = c.id, right.end, right.next, true
		if right.next >= 0 {
			symbols[right.next].prev = c.left
		}
		offer(left.prev)
		offer(c.left)
	}
	kept := symbols[:0]
	for _, s := range symbols {
		if !s.gone {
			kept = append(kept, s)
		}
	}
	return kept
}

// push adds c to the heap q.
func push(q []candidate, c candidate) []candidate {
	q = append(q, c)
	for i := len(q) - 1; i > 0; {
		up := (i - 1) / 2
		if !q[i].before(q[up]) {
			break
		}
		q[i], q[up] = q[up], q[i]
		i = up
	}
	return q
}

// pop takes the first candidate off the heap q.
func pop(q []candidate) (candidate, []candidate) {
	first, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && q[down+1].before(q[down]) {
			down++
		}
		if down >= last || !q[down].before(q[i]) {
			return first, q
		}
		q[i], q[down] = q[down], q[i]
		i = down
	}
}
