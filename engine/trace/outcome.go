package trace

// Outcome is a Sink that keeps a run without its selections and steps, of which a long
// prompt makes many.
type Outcome struct{ Run }

// Emit adds e to the run, unless it is of one head or step.
func (o *Outcome) Emit(e Event) error {
	switch e.(type) {
	case *Selection, *Step:
		return nil
	}
	return o.Run.Emit(e)
}
