package figures

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"kvscope/engine/trace"
)

func TestSelectionFigures(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name          string
		selection     *trace.Selection
		count         int
		recall, mass  float64 // -1: there is none
		read, present int
		covers        []int // all positions covered
	}{
		{
			// Query at 9: blocks of 4 at 0-3, 4-7, 8-9. Picked 0 and 2; heaviest two are 2 and 1.
			name: "blocks, the last one partial",
			selection: &trace.Selection{First: 9, Queries: 1, Unit: 4, Candidates: 3, Picked: []byte{0b101},
				Mass: []float32{.125, .375, .5}},
			count: 2, recall: .5, mass: .625, read: 6, present: 10, covers: []int{0, 1, 2, 3, 8, 9},
		},
		{
			name: "tokens, ties to the lower index",
			selection: &trace.Selection{First: 3, Queries: 1, Unit: 1, Candidates: 4, Picked: []byte{0b0110},
				Mass: []float32{.25, .25, .25, .25}},
			count: 2, recall: .5, mass: .5, read: 2, present: 4, covers: []int{1, 2},
		},
		{
			name:      "no mass",
			selection: &trace.Selection{First: 3, Queries: 1, Unit: 2, Candidates: 2, Picked: []byte{0b11}},
			count:     2, recall: -1, mass: -1, read: 4, present: 4, covers: []int{0, 1, 2, 3},
		},
		{
			name:      "nothing picked",
			selection: &trace.Selection{First: 3, Queries: 1, Unit: 2, Candidates: 2, Picked: []byte{0}, Mass: []float32{.5, .5}},
			count:     0, recall: -1, mass: 0, read: 0, present: 4,
		},
		{
			name:      "candidates end before the query",
			selection: &trace.Selection{First: 9, Queries: 1, Unit: 2, Candidates: 3, Picked: []byte{0b100}, Mass: []float32{0, nan, 1}},
			count:     1, recall: 1, mass: 1, read: 2, present: 6, covers: []int{4, 5},
		},
		{
			name:      "candidates reach beyond the query",
			selection: &trace.Selection{First: 2, Queries: 1, Unit: 2, Candidates: 4, Picked: []byte{0b1111}},
			count:     4, recall: -1, mass: -1, read: 3, present: 3, covers: []int{0, 1, 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.selection
			if got := s.Count(0); got != c.count {
				t.Errorf("count %d, want %d", got, c.count)
			}
			if got, ok := Recall(s); ok != (c.recall >= 0) || ok && got != c.recall {
				t.Errorf("recall %v %v, want %v", got, ok, c.recall)
			}
			if got, ok := MassKept(s); ok != (c.mass >= 0) || ok && got != c.mass {
				t.Errorf("mass %v %v, want %v", got, ok, c.mass)
			}
			if read, present := Read(s, 0); read != c.read || present != c.present {
				t.Errorf("read %d of %d, want %d of %d", read, present, c.read, c.present)
			}
			var covers []int
			for p := -1; p < 20; p++ {
				if s.Covers(0, p) {
					covers = append(covers, p)
				}
			}
			if !slices.Equal(covers, c.covers) {
				t.Errorf("covers %v, want %v", covers, c.covers)
			}
		})
	}
}

func TestRowsAreCausal(t *testing.T) {
	s := &trace.Selection{Step: -1, First: 4, Queries: 2, Unit: 4, Candidates: 2, Picked: []byte{0b10, 0b11}}
	if read, present := Read(s, 0); read != 1 || present != 5 {
		t.Errorf("query 4 read %d of %d, want 1 of 5", read, present)
	}
	if read, present := Read(s, 1); read != 6 || present != 6 {
		t.Errorf("query 5 read %d of %d, want 6 of 6", read, present)
	}
	if s.Covers(0, 5) || !s.Covers(1, 5) {
		t.Error("position 5 is seen by query 5 alone")
	}
}

// TestRecallIsOfTop: what counts as heaviest is what Top lists, among many equal masses too.
func TestRecallIsOfTop(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := &trace.Selection{Queries: 1, Unit: 1, Candidates: 1 + r.IntN(40)}
		s.Picked = make([]byte, (s.Candidates+7)/8)
		for i := range s.Candidates {
			s.Mass = append(s.Mass, float32(r.IntN(5))/8)
			if r.IntN(3) == 0 {
				s.Picked[i/8] |= 1 << (i % 8)
			}
		}
		k, both := s.Count(0), 0
		for _, i := range Top(s.Mass, k) {
			if s.Has(0, i) {
				both++
			}
		}
		got, ok := Recall(s)
		if ok != (k > 0) || ok && got != float64(both)/float64(k) {
			t.Errorf("recall %v %v of %d picked in %v, want %d of them", got, ok, k, s.Mass, both)
		}
	}
}

func TestTopAndRank(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	values := []float32{2, nan, 7, 2, -inf, inf, 2}
	want := []int{5, 2, 0, 3, 6, 4, 1}
	if got := Top(values, 99); !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if got := Top(values, 3); !slices.Equal(got, want[:3]) {
		t.Errorf("top 3 %v, want %v", got, want[:3])
	}
	for place, i := range want {
		if got := Rank(values, i); got != place {
			t.Errorf("rank of %d is %d, want %d", i, got, place)
		}
	}
}

func TestTally(t *testing.T) {
	// Head 0 holds gold position 5 at both steps that have one, head 1 only at the first.
	pick := func(head int, picked byte, mass ...float32) *trace.Selection {
		return &trace.Selection{Head: head, First: 7, Queries: 1, Unit: 4, Candidates: 2, Picked: []byte{picked}, Mass: mass}
	}
	tally := NewTally(1, 3)
	tally.Add(pick(0, 0b10, .25, .75), 5)
	tally.Add(pick(1, 0b10, .75, .25), 5)
	tally.Add(pick(0, 0b01, .25, .75), -1)
	tally.Add(pick(1, 0b01, .25, .75), 5)
	tally.Add(pick(0, 0b11, .25, .75), 5)
	tally.AddError(0, 1, .5)
	tally.AddError(0, 1, 1)
	want := []trace.Hit{
		{Head: 0, Hit: true, Recall: 2. / 3, Mass: (.75 + .25 + 1) / 3, Density: new(16. / 24)},
		{Head: 1, Hit: false, Recall: 0, Mass: .25, Density: new(8. / 16), OutputError: new(.75)},
		{Head: 2},
	}
	if got := tally.Hits(); !reflect.DeepEqual(got, want) {
		t.Errorf("hits\ngot  %+v\nwant %+v", got, want)
	}
	if got := tally.ReadFraction(); got != 24./40 {
		t.Errorf("read fraction %v, want 0.6", got)
	}
	tally.Count(1, 5)
	tally.Count(6, 6)
	if got := tally.ReadFraction(); got != 31./51 {
		t.Errorf("read fraction with the prefill %v, want 31/51", got)
	}
	if got := NewTally(1, 1).ReadFraction(); got != 1 {
		t.Errorf("read fraction of nothing %v, want 1", got)
	}
}
