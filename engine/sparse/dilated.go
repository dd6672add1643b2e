package sparse

import "fmt"

// Dilated reads a fixed pattern: every D-th position, a local window, and the
// first positions. It is the mask that RAT+ is trained and run with
// (arXiv:2602.18196): a query at position q reads j <= q when
//
//	(j+1) mod Dilation = 0  or  q − j <= Window  or  j < Initial
type Dilated struct {
	Dilation int // D; 1 reads everything
	Window   int // W, positions before the query's own
	Initial  int
}

// Validate reports the first field out of range.
func (m Dilated) Validate() error {
	switch {
	case m.Dilation < 1:
		return fmt.Errorf("dilation: %d, want at least 1", m.Dilation)
	case m.Window < 0:
		return fmt.Errorf("window: %d, want at least 0", m.Window)
	case m.Initial < 0:
		return fmt.Errorf("initial: %d, want at least 0", m.Initial)
	}
	return nil
}

// Select implements Selector.
func (m Dilated) Select(dst *Selection, q Query, h *Head) {
	blocksBefore(q, h)
	dst.reset(1)
	end := q.Position + 1
	local := max(0, q.Position-m.Window)
	dst.add(0, min(m.Initial, end))
	// Those among the initial ones join their span.
	for j := m.Dilation - 1; j < local; j += m.Dilation {
		dst.add(j, j+1)
	}
	dst.add(local, end)
}

// Reselect implements Reselector: the pattern asks for no scores.
func (m Dilated) Reselect(dst *Selection, q Query, h *Head, _ []float32) bool {
	m.Select(dst, q, h)
	return true
}
