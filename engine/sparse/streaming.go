package sparse

import "fmt"

// Streaming reads the first positions, the attention sinks, and the most recent
// ones (StreamingLLM, Xiao et al., arXiv:2309.17453, section 3.2): a query at
// position q reads j <= q when j < Initial or q − j < Window.
type Streaming struct {
	Initial int
	Window  int // counts the query's own position
}

// Validate reports the first field out of range.
func (m Streaming) Validate() error {
	switch {
	case m.Initial < 0:
		return fmt.Errorf("initial: %d, want at least 0", m.Initial)
	case m.Window < 1:
		return fmt.Errorf("window: %d, want at least 1", m.Window)
	}
	return nil
}

// Select implements Selector.
func (m Streaming) Select(dst *Selection, q Query, h *Head) {
	blocksBefore(q, h)
	dst.reset(1)
	end := q.Position + 1
	dst.add(0, min(m.Initial, end))
	dst.add(max(0, end-m.Window), end)
}

// Reselect implements Reselector: the pattern asks for no scores.
func (m Streaming) Reselect(dst *Selection, q Query, h *Head, _ []float32) bool {
	m.Select(dst, q, h)
	return true
}
