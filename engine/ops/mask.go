package ops

import "math"

// Mask says which earlier positions a query reads. The zero Mask is dense; with a
// Dilation D it is the dilated mask of RAT+ (arXiv:2602.18196): query q reads
// j ≤ q when (j+1) mod D = 0, q−j ≤ Window, or j < Initial. No field may be
// negative, so that a query always reads itself.
type Mask struct{ Dilation, Window, Initial int }

// Hide sets to -Inf those of scores, of query q with positions from, from+1, ...,
// that q may not read.
func (m Mask) Hide(scores []float32, q, from int) {
	never := float32(math.Inf(-1))
	for i := max(0, q+1-from); i < len(scores); i++ {
		scores[i] = never
	}
	if m.Dilation == 0 {
		return
	}
	end := min(from+len(scores), q-m.Window)
	for j := max(from, m.Initial); j < end; j++ {
		read := j + m.Dilation - 1 - j%m.Dilation // the next with (read+1) mod D = 0
		for ; j < min(read, end); j++ {
			scores[j-from] = never
		}
	}
}
