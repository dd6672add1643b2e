// Package store keeps experiments and what their cells came to in one SQLite file.
//
// A cell is stored once, under its key, whichever experiments ask for it and
// however often it is computed: finishing a cell again changes nothing. The file
// is in WAL mode, so that others may read it meanwhile; its user_version says which
// schema it has, and opening it brings an older one up to date.
//
//	s, err := store.Open(ctx, "experiments.db")
//	defer s.Close()
//	cells, err := s.Measured(ctx, id)
package store
