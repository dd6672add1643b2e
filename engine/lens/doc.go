// Package lens looks into one head of a run: the map of its true attention, row by
// row and patch by patch, and what its memory carries. It works on the queries, keys
// and gates that the run used, on the server and in the browser alike, so that what
// is looked at need not be computed where it is looked at.
//
//	k := ops.Reference()
//	h, err := lens.Decode(file)
//	weights := lens.NewMap(h, k, 0)
package lens
