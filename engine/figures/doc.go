// Package figures reckons what the selections of a run were worth: the share of the
// cache that was read, recall against the truly heaviest entries, attention mass kept,
// hits on what the answer is copied from, and the result of a whole run.
//
//	tally := figures.NewTally(header.Layers, header.Heads)
//	for _, s := range run.Selections {
//		tally.Add(s, gold)
//	}
//	fmt.Println(tally.ReadFraction(), tally.Hits())
package figures
