package summary

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// pairsOf lists the scores of a 2 × 2 table: right in both, without only, with only,
// in neither.
func pairsOf(table [4]int) (a, b, w []float64) {
	for i, scores := range [][2]float64{{1, 1}, {1, 0}, {0, 1}, {0, 0}} {
		for range table[i] {
			a, b, w = append(a, scores[0]), append(b, scores[1]), append(w, 1)
		}
	}
	return a, b, w
}

// The reference values are those of testdata/newcombe.py.
func TestNewcombe(t *testing.T) {
	text, err := os.ReadFile("testdata/newcombe.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Table [4]int
		CI95  [2]float64
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) == 0 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		low, high := newcombe(pairsOf(c.Table))
		if math.Abs(low-c.CI95[0]) > 1e-12 || math.Abs(high-c.CI95[1]) > 1e-12 {
			t.Errorf("%v: %v to %v, want %v", c.Table, low, high, c.CI95)
		}
	}
	// Published for the airway hyper-responsiveness study, with three digits.
	if low, high := newcombe(pairsOf([4]int{1, 7, 1, 12})); math.Abs(low+0.507) > 5e-4 || math.Abs(high+0.026) > 5e-4 {
		t.Errorf("%v to %v", low, high)
	}
}

// TestNewcombeStaysPossible: whatever the scores, the interval holds the difference
// and stays within what a difference can be, also where values are of several examples.
func TestNewcombeStaysPossible(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + r.IntN(30)
		a, b, w := make([]float64, n), make([]float64, n), make([]float64, n)
		levels := float64(1 + r.IntN(4))
		size := float64(1 + r.IntN(3))
		d := 0.0
		for i := range n {
			a[i], b[i], w[i] = math.Floor(r.Float64()*(levels+1))/levels, math.Floor(r.Float64()*(levels+1))/levels, size
			d += (b[i] - a[i]) / float64(n)
		}
		low, high := newcombe(a, b, w)
		if !(low >= -1-1e-12 && low <= d+1e-12 && d <= high+1e-12 && high <= 1+1e-12) {
			t.Fatalf("%v and %v: %v to %v around %v", a, b, low, high, d)
		}
	}
}

// TestNewcombeCovers: of intervals of drawn pairs with a known difference, about 95%
// hold it.
func TestNewcombeCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const both, without, with, trials = 0.55, 0.05, 0.20, 4000
	held := 0
	for range trials {
		var table [4]int
		for range 60 {
			switch u := r.Float64(); {
			case u < both:
				table[0]++
			case u < both+without:
				table[1]++
			case u < both+without+with:
				table[2]++
			default:
				table[3]++
			}
		}
		if low, high := newcombe(pairsOf(table)); low <= with-without && with-without <= high {
			held++
		}
	}
	if share := float64(held) / trials; share < 0.94 || share > 0.98 {
		t.Errorf("%.3f of intervals hold the difference", share)
	}
}
