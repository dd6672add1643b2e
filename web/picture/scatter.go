package picture

import "math"

// Scatter has a point for every block of a line: the method's score against the mass that
// the head's dense attention gives the block.
type Scatter struct {
	Points []Point
	// Correlation is Spearman's, between ranks by score and ranks by mass, of the
	// blocks that have both; NaN for fewer than three.
	Correlation float64
}

// Point is one block.
type Point struct {
	Block  int
	Score  float32 // the largest of its candidates
	Mass   float32
	Picked bool // any of it
	Gold   bool
	Forced bool // read by rule, though blocks of greater scores were not
}

// Scatter pictures a line of one head. It is nil where the method gives no scores.
func (r *Run) Scatter(line int, head *Head) *Scatter {
	if head == nil || line < 0 || line >= len(r.lines) {
		return nil
	}
	out := &Scatter{}
	var score, mass []float64
	for b := range r.Columns() {
		at, ok := r.Readout(line, b, head)
		if !ok || at.ScoreRank < 0 || at.Mass < 0 {
			continue
		}
		p := Point{Block: b, Score: at.Score, Mass: at.Mass, Picked: at.Share > 0, Gold: at.Gold}
		out.Points = append(out.Points, p)
		if !math.IsInf(float64(p.Score), 1) { // which stands for kept whatever its score
			score, mass = append(score, float64(p.Score)), append(mass, float64(p.Mass))
		}
	}
	if len(out.Points) == 0 {
		return nil
	}
	out.Correlation = spearman(score, mass)
	out.force()
	return out
}

// force marks the blocks that were read whatever they score: those kept by a score
// without bound, and those that a block of a greater score gave way to.
func (s *Scatter) force() {
	most := float32(math.Inf(-1)) // of what was not picked
	for _, p := range s.Points {
		if !p.Picked {
			most = max(most, p.Score)
		}
	}
	for i := range s.Points {
		p := &s.Points[i]
		p.Forced = p.Picked && (p.Score < most || math.IsInf(float64(p.Score), 1))
	}
}

// spearman is the correlation of the ranks of a and b, NaN for fewer than three.
func spearman(a, b []float64) float64 {
	if len(a) < 3 {
		return math.NaN()
	}
	x, y := ranks(a), ranks(b)
	mean := float64(len(a)-1) / 2
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mean, y[i]-mean
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	return xy / math.Sqrt(xx*yy)
}

// ranks gives every value its place from 0, equal ones the mean of theirs.
func ranks(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		for j, y := range v {
			switch {
			case y < x:
				out[i]++
			case y == x && j != i:
				out[i] += 0.5
			}
		}
	}
	return out
}
