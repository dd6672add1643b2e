package jobs

import "time"

// left is a cell that workers left to others: each for a reason of its own, such as a model
// that it has not or another version of the program.
type left struct {
	of    string    // the experiment
	since time.Time // the first of them did
	by    map[string]bool
}

// leave notes that a worker left a cell on the queue to others. It reports whether there are
// none: whether all that were heard of lately have left it, for as long as a worker may be
// silent before it counts as dead.
func (d *Dispatcher) leave(key, worker string) (nobody bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, up := d.inFlight[key]
	if !up {
		return false // it is known of it already
	}
	l := d.left[key]
	if l == nil {
		l = &left{id, time.Now(), map[string]bool{}}
		d.left[key] = l
	}
	d.forget()
	if _, there := d.workers[worker]; there {
		l.by[worker] = true
	}
	for other := range d.workers {
		if !l.by[other] {
			return false
		}
	}
	return time.Since(l.since) >= d.ackWait
}
