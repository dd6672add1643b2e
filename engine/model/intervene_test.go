package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// fed are the logits after every token, read in chunks of the given sizes.
func fed(t *testing.T, m *Model, ids []int32, opt Options, chunks ...int) []float32 {
	t.Helper()
	opt.Block, opt.Capacity = 4, len(ids)
	s, err := m.NewSession(opt)
	if err != nil {
		t.Fatal(err)
	}
	var all []float32
	for at := 0; at < len(ids); {
		n := len(ids) - at
		if len(chunks) > 0 {
			n, chunks = min(n, chunks[0]), chunks[1:]
		}
		logits, err := s.PrefillAll(ids[at : at+n])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, logits...)
		at += n
	}
	return all
}

// TestMemoryOff: no strength, no memory and plain keys and values are one thing, and
// full strength without a cap is the model itself, to the bit.
func TestMemoryOff(t *testing.T) {
	_, m, ids := golden(t, RATPlus)
	own := fed(t, m, ids, Options{})
	if whole := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1}}); !slices.Equal(own, whole) {
		t.Error("full strength is not the model itself")
	}
	none := fed(t, m, ids, Options{Memory: &Intervention{}})
	plain := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1, SelectPlain: true, ComputePlain: true}})
	if !slices.Equal(none, plain) {
		t.Error("strength 0 differs from plain keys and values")
	}
	if maxDiff(t, own, none) < 1e-4 {
		t.Error("without its memory the model is the same")
	}
	long := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1, Cap: len(ids)}})
	if !slices.Equal(own, long) {
		t.Error("a cap beyond the sequence changes logits")
	}
	capped := Options{Memory: &Intervention{Strength: 1, Cap: 3}}
	if worst := maxDiff(t, fed(t, m, ids, capped), fed(t, m, ids, capped, 1, 5, 2, 1)); worst > 1e-4 {
		t.Errorf("a capped memory read in chunks differs by %g", worst)
	}
}

// TestCappedMemoryIsTheTruncatedKernel holds the scan to MemoryKernel's weights, for
// stretches shorter and longer than what is read at once, with gates that are shut.
func TestCappedMemoryIsTheTruncatedKernel(t *testing.T) {
	const rows, cols = 40, 3
	for _, limit := range []int{1, 2, 6, 11, 39, 40, 41, math.MaxInt} {
		rng := rand.New(rand.NewPCG(5, 5))
		gate, key, value := randomGates(rng, rows, cols), randomGates(rng, rows, cols), randomGates(rng, rows, cols)
		gate.Row(17)[1], gate.Row(18)[0] = 0, 1
		x := copied(key)
		var c cappedMemory
		k := ops.Reference()
		for _, at := range [][2]int{{0, 11}, {11, 12}, {12, 30}, {30, rows}} {
			c.scan(k, limit, gate.Slice(at[0], at[1], 0, cols), key.Slice(at[0], at[1], 0, cols), value.Slice(at[0], at[1], 0, cols))
		}
		for at := range rows {
			kernel := make([]float32, (at+1)*cols)
			MemoryKernel(kernel, gate, at)
			for i := range cols {
				var want float64
				for j := max(0, at-limit+1); j <= at; j++ {
					want += float64(kernel[j*cols+i]) * float64(x.Row(j)[i])
				}
				if got := float64(key.Row(at)[i]); math.Abs(got-want) > 1e-6 {
					t.Fatalf("limit %d position %d channel %d: %g, want %g", limit, at, i, got, want)
				}
			}
		}
	}
}

// TestCapCostsTheSame: a token costs the same for any cap. Each is measured in turns with the
// others, and the fastest of its turns counts.
func TestCapCostsTheSame(t *testing.T) {
	const rows, cols = 1024, 32
	rng := rand.New(rand.NewPCG(5, 6))
	gate, key, value := randomGates(rng, rows, cols), randomGates(rng, rows, cols), randomGates(rng, rows, cols)
	k, fastest := ops.Reference(), map[int]time.Duration{}
	for range 9 {
		for _, limit := range []int{8, 512} {
			keys, values := copied(key), copied(value)
			var c cappedMemory
			began := time.Now()
			c.scan(k, limit, gate, keys, values)
			if took := time.Since(began); fastest[limit] == 0 || took < fastest[limit] {
				fastest[limit] = took
			}
		}
	}
	if fastest[512] > 8*fastest[8] { // where the cost is the cap's, 64 times
		t.Errorf("a cap of 512 takes %v, one of 8 takes %v", fastest[512], fastest[8])
	}
}

// TestSwapSeparatesSelectionFromStates: keys to select by change what is picked and
// not what a dense query computes; keys to compute with change that.
func TestSwapSeparatesSelectionFromStates(t *testing.T) {
	_, m, ids := golden(t, RATPlus)
	own := fed(t, m, ids, Options{})
	if got := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1, SelectPlain: true}}); !slices.Equal(got, own) {
		t.Error("keys that nothing selects by change the logits")
	}
	plain := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1, SelectPlain: true, ComputePlain: true}})
	if got := fed(t, m, ids, Options{Memory: &Intervention{Strength: 1, ComputePlain: true}}); !slices.Equal(got, plain) {
		t.Error("with plain keys and values computed, a dense run depends on the keys to select by")
	}
	scores := func(change *Intervention) []float32 {
		var out []float32
		fed(t, m, ids, Options{
			Memory: change, Selector: sparse.Quest{Blocks: 2}, Summaries: sparse.Summaries{Bounds: true}, SelectTo: math.MaxInt, ObserveFrom: len(ids) - 1,
			Observe: func(a *Attended) {
				if a.Layer == 0 {
					out = append(out, a.Selection.Scores...)
				}
			},
		})
		return out
	}
	memory, byPlain := scores(nil), scores(&Intervention{Strength: 1, SelectPlain: true})
	if len(memory) == 0 || slices.Equal(memory, byPlain) {
		t.Error("selecting by plain keys scores blocks alike")
	}
	// The first layer's plain keys are the same whatever is computed with later.
	if off := scores(&Intervention{Strength: 1, SelectPlain: true, ComputePlain: true}); !slices.Equal(off, byPlain) {
		t.Error("scores of the first layer by plain keys depend on what is computed with")
	}
}

// TestResumeIsGoingOn: a session that goes on from a prefix, with blocks of another
// size, computes what one that read everything does.
func TestResumeIsGoingOn(t *testing.T) {
	_, m, ids := golden(t, RATPlus)
	half := len(ids) / 2
	for name, change := range map[string]*Intervention{
		"as trained": nil, "capped": {Strength: 0.5, Cap: 3}, "split": {Strength: 1, SelectPlain: true}, "of a window": nil,
	} {
		window := 1 << 30
		if name == "of a window" {
			window = 3
		}
		first, err := m.NewSession(Options{Block: 4, Capacity: len(ids), Window: window, Memory: change})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.Prefill(ids[:half]); err != nil {
			t.Fatal(err)
		}
		prefix := first.Prefix()
		finish := func(s *Session) []float32 {
			var last []float32
			for _, id := range ids[half:] {
				logits, err := s.Step(id)
				if err != nil {
					t.Fatal(err)
				}
				last = slices.Clone(logits)
			}
			return last
		}
		opt := Options{Block: 8, Capacity: len(ids), Selector: sparse.Quest{Blocks: 2}, Summaries: sparse.Summaries{Bounds: true}, SelectFrom: half, SelectTo: math.MaxInt, Memory: change}
		queries := slices.Clone(prefix.queries[0])
		finish(first) // the prefix is not to hear of it
		if want := min(window, half) * m.Config().QueryDim(); len(queries) != want || !slices.Equal(prefix.queries[0], queries) {
			t.Errorf("%s: the prefix has %d numbers of queries, want %d that stay", name, len(queries), want)
		}
		resumed, err := m.Resume(prefix, opt)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := m.NewSession(opt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fresh.Prefill(ids[:half]); err != nil {
			t.Fatal(err)
		}
		if a, b := finish(resumed), finish(fresh); !slices.Equal(a, b) {
			t.Errorf("%s: resumed, the last logits differ by %g", name, maxDiff(t, a, b))
		}
	}
	_, err := m.Resume(&Prefix{memory: &Intervention{}}, Options{Block: 4, Capacity: 4})
	if err == nil {
		t.Error("a prefix with another memory is taken")
	}
}

func TestInterventionRefuses(t *testing.T) {
	_, attention, _ := golden(t, string(Attention))
	_, RATPlus, _ := golden(t, RATPlus)
	for name, c := range map[string]struct {
		m      *Model
		change Intervention
	}{
		"no memory": {attention, Intervention{Strength: 1}},
		"strength":  {RATPlus, Intervention{Strength: 1.5}},
		"nan":       {RATPlus, Intervention{Strength: float32(math.NaN())}},
		"cap":       {RATPlus, Intervention{Cap: -1}},
	} {
		if _, err := c.m.NewSession(Options{Block: 4, Capacity: 4, Memory: &c.change}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
