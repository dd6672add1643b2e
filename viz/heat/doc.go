// Package heat draws matrices too large to hold, let alone to draw at once: a
// pyramid of levels, each half as large as the one below, cut into tiles that are
// made when they are looked at. Numbers come in, pixels go out.
package heat
