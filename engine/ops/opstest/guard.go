package opstest

import "math"

// guardBits is a NaN that no computation yields: it shows writes outside of an
// operand by its absence and reads outside of one by spreading.
const (
	guardBits = 0x7fedcba9
	guardSize = 64
)

// guarded copies vectors between guard bands, each starting at another offset
// from a cache line. intact reports whether the bands still stand.
func (s *suite) guarded(vectors [][]float32) (copies [][]float32, intact func() bool) {
	var all [][]float32
	for _, v := range vectors {
		shift := s.rand.IntN(16)
		band := make([]float32, guardSize+shift+len(v)+guardSize)
		for i := range band {
			band[i] = math.Float32frombits(guardBits)
		}
		inner := band[guardSize+shift:][:len(v)]
		copy(inner, v)
		copies = append(copies, inner)
		all = append(all, band[:guardSize+shift], band[guardSize+shift+len(v):])
	}
	return copies, func() bool {
		for _, band := range all {
			for _, v := range band {
				if math.Float32bits(v) != guardBits {
					return false
				}
			}
		}
		return true
	}
}
