package model

import (
	"fmt"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// Intervention changes what the memory of a model does, to see what would have
// been: nothing of it is how the model was trained. K, V are keys and values as
// projected, K~, V~ as the memory gives them.
type Intervention struct {
	// Strength scales every gate: 1 is as trained, 0 no memory, so K~ = K.
	Strength float32
	// Cap, when above 0, truncates the memory kernel to the last Cap tokens:
	//	k~_t = Σ_{j=t−Cap+1..t} w(t, j)·k_j
	// with w of MemoryKernel. What lies further back is lost, not spread.
	Cap int
	// SelectPlain lets the method select by K instead of K~; ComputePlain lets
	// attention compute with (K, V) instead of (K~, V~). Which of the two makes the
	// difference tells better selection from better states.
	SelectPlain, ComputePlain bool
}

// Validate reports the first field out of range.
func (m Intervention) Validate() error {
	if !(m.Strength >= 0 && m.Strength <= 1) {
		return fmt.Errorf("strength: %v, want 0 to 1", m.Strength)
	}
	if m.Cap < 0 {
		return fmt.Errorf("cap: %d, want at least 0", m.Cap)
	}
	return nil
}

// Equal reports whether m and o change the same, nil changing nothing.
func (m *Intervention) Equal(o *Intervention) bool {
	return m == o || m != nil && o != nil && *m == *o
}

// splits reports whether selection and attention see different keys.
func (m *Intervention) splits() bool { return m != nil && m.SelectPlain != m.ComputePlain }

// recall passes the chunk's keys and values [T, Hkv*Dh] of layer l through the memory, in
// place, as far as the session's intervention lets it, and returns the keys that
// methods select by, which are key itself unless it splits the two.
func (s *Session) recall(l int, gate, key, value ops.Matrix) (ranked ops.Matrix) {
	k, m := s.model.kernels, s.opt.Memory
	if m == nil {
		k.MemoryScan(key, s.key[l], gate, key)
		k.MemoryScan(value, s.value[l], gate, value)
		return key
	}
	if m.SelectPlain && m.ComputePlain {
		return key
	}
	ranked = key
	if m.splits() {
		ranked = copied(key)
	}
	// Of the two the one with the memory, and the values where they are read.
	remembered := key
	if m.ComputePlain {
		remembered = ranked
	}
	values := value
	if m.ComputePlain {
		values = copied(value)
	}
	if m.Cap > 0 {
		s.spans[l].scan(k, m.Cap, gate, remembered, values)
	} else {
		k.MemoryScan(remembered, s.key[l], gate, remembered)
		k.MemoryScan(values, s.value[l], gate, values)
	}
	return ranked
}

func copied(m ops.Matrix) ops.Matrix {
	out := ops.Dense(make([]float32, m.Rows*m.Cols), m.Rows, m.Cols)
	for t := range m.Rows {
		copy(out.Row(t), m.Row(t))
	}
	return out
}

// ranked is the cache that methods select by for a head of queries.
func (s *Session) ranked(l, h int) *sparse.KVCache {
	if s.rankedBy != nil {
		return s.rankedBy[l][h/s.model.cfg.Group()]
	}
	return s.Cache(l, h)
}
