package picture

import "kvscope/engine/trace"

// Preview pictures picks that no run has made yet: events of run.Reselect, which came
// of the scores of a run. It has the lines of that run; those of the prefill, whose
// queries left no scores, are empty. Nil without events.
func Preview(of *Run, events []trace.Event) *Run {
	if len(events) == 0 {
		return nil
	}
	out := &Run{}
	for _, e := range events {
		if out.Emit(e) != nil {
			return nil
		}
	}
	for i, l := range of.first {
		if l != nil {
			out.first = grow(out.first, i+1)
			out.first[i] = &sum{Line: l.Line}
			out.place(out.first[i])
		}
	}
	return out
}
