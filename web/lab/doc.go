// Package lab is the state of the experiments' page, as package state is that of the
// explorer: a Snapshot, Actions that make the next one, and Effects that only the page
// can carry out. It knows no browser and no server.
//
//	s, effects := lab.New().Do(lab.MetaArrived{Meta: meta})
//	s, effects = s.Do(lab.Start{})
package lab
