// Package state is everything the explorer knows, as plain values: what is asked
// for, what has arrived, what is looked at. An Action turns one Snapshot into the
// next and names the Effects the page must carry out; nothing here touches a
// browser, so all of it is tested natively.
//
//	s := state.New(state.FirstPlace(), views)
//	s, effects := s.Do(state.Set{Field: "budget", Value: "1/16"})
package state
