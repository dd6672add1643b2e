// Package events reads the run out of a file of one, without what the file keeps of heads
// and without attention maps that other programs saved, for programs that must stay small.
// Package runfile reads all of it.
//
//	run, err := events.Read(content)
//	fmt.Println(run.Header.Model, len(run.Steps))
package events
