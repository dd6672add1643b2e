package seeds

import (
	"cmp"
	"slices"

	"kvscope/engine/trace"
)

// Share is how often one request was right over the seeds that are there.
type Share struct {
	Seeds  int
	Right  int // as the request has it
	Dense  int // with everything read
	Lost   int // right with everything read alone
	Gained int // right as the request has it alone
	Heads  []HeadShare
}

// HeadShare is how often one head's selection held the needle at every answer step.
type HeadShare struct {
	Layer, Head int
	Hits        int
}

// ShareOf sums up what rows say of their request number i, heads by their hits.
func ShareOf(rows []Row, i int) Share {
	s := Share{Seeds: len(rows)}
	heads := map[[2]int]int{}
	for _, row := range rows {
		a := row.Answers[i]
		count(&s.Right, a.Kept())
		count(&s.Dense, a.Knew())
		count(&s.Lost, a.Knew() && !a.Kept())
		count(&s.Gained, !a.Knew() && a.Kept())
		for _, h := range a.Heads {
			heads[[2]int{h.Layer, h.Head}] += hit(h)
		}
	}
	for at, n := range heads {
		s.Heads = append(s.Heads, HeadShare{at[0], at[1], n})
	}
	slices.SortFunc(s.Heads, func(a, b HeadShare) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Head, b.Head))
	})
	return s
}

func hit(h trace.Hit) int {
	if h.Hit {
		return 1
	}
	return 0
}

func count(n *int, so bool) {
	if so {
		*n++
	}
}
