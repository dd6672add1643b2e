package picture

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/sample"
)

// replay makes a Run of events.
func replay(t testing.TB, events ...trace.Event) *Run {
	t.Helper()
	r := &Run{}
	for _, e := range events {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// packed packs the picks of one query.
func packed(candidates int, picked ...int) []byte {
	b := make([]byte, (candidates+7)/8)
	for _, i := range picked {
		b[i/8] |= 1 << (i % 8)
	}
	return b
}

// tiny is a prompt of 10 tokens in blocks of 4 for a model of 1 layer of 2 heads,
// whose two answer tokens are copied from positions 5 and 9.
func tiny() *trace.Header {
	h := &trace.Header{Layers: 1, Heads: 2, HeadDim: 8, Phase: sparse.PhaseDecode, Block: 4, K: 2,
		Answer: []trace.Token{{Text: "x"}, {Text: "y"}}, Gold: []int{5, 9},
		Needles: []trace.Needle{{Span: [2]int{4, 7}, Values: [2]int{5, 6}, Queried: true}}}
	for i := range 10 {
		h.Tokens = append(h.Tokens, trace.Token{Text: fmt.Sprint(" ", i)})
	}
	return h
}

// blocks is a selection of whole blocks at a step.
func blocks(step, head int, mass []float32, picked ...int) *trace.Selection {
	return &trace.Selection{Step: step, Head: head, First: 9 + step, Queries: 1, Unit: 4,
		Candidates: 3, Picked: packed(3, picked...), Mass: mass, Scores: []float32{3, 1, 2}}
}

func TestGridOfBlocks(t *testing.T) {
	r := replay(t, tiny(),
		blocks(0, 0, []float32{0.1, 0.7, 0.2}, 0, 2),
		blocks(0, 1, []float32{0.4, 0.1, 0.5}, 1, 2),
		blocks(1, 0, []float32{0.6, 0.3, 0.1}, 0, 2))
	for _, c := range []struct {
		name   string
		head   *Head
		share  []float32
		oracle []bool
		picked [][]int
	}{
		{"all heads", nil, []float32{.5, .5, 1, 1, 0, 1}, []bool{false, true, true, true, true, false}, nil},
		{"head 0", &Head{0, 0}, []float32{1, 0, 1, 1, 0, 1}, []bool{false, true, true, true, true, false}, [][]int{{0, 2}, {0, 2}}},
		{"head 1", &Head{0, 1}, []float32{0, 1, 1, -1, -1, -1}, []bool{true, false, true, false, false, false}, [][]int{{1, 2}, {}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := r.Grid(c.head)
			if !reflect.DeepEqual(g.Share, c.share) {
				t.Errorf("share %v, want %v", g.Share, c.share)
			}
			if !reflect.DeepEqual(g.Oracle, c.oracle) {
				t.Errorf("oracle %v, want %v", g.Oracle, c.oracle)
			}
			if !reflect.DeepEqual(g.Picked, c.picked) {
				t.Errorf("picked %v, want %v", g.Picked, c.picked)
			}
			if want := []int{1, 2}; !reflect.DeepEqual(g.Gold, want) {
				t.Errorf("gold blocks %v, want %v", g.Gold, want)
			}
		})
	}
	g := r.Grid(nil)
	if want := []bool{false, true, true}; !reflect.DeepEqual(g.Answers, want) {
		t.Errorf("answer columns %v, want %v", g.Answers, want)
	}
	if want := []bool{false, true, false}; !reflect.DeepEqual(g.Needles, want) {
		t.Errorf("needle columns %v, want %v", g.Needles, want)
	}
	if g.Columns != 3 || g.Planned != 2 {
		t.Errorf("%d columns, %d lines planned, want 3 and 2", g.Columns, g.Planned)
	}
}

func TestGridOfTokensShowsTheShareOfTheBlock(t *testing.T) {
	h := tiny()
	h.Phase = sparse.PhaseEvict
	r := replay(t, h, &trace.Selection{First: 9, Queries: 1, Unit: 1, Candidates: 10, Picked: packed(10, 0, 5, 6, 8, 9)})
	g := r.Grid(&Head{0, 0})
	// The last block has two positions only.
	if want := []float32{0.25, 0.5, 1}; !reflect.DeepEqual(g.Share, want) {
		t.Errorf("share %v, want %v", g.Share, want)
	}
	if want := [][]int{{0, 5, 6, 8, 9}}; !reflect.DeepEqual(g.Picked, want) || g.Unit != 1 {
		t.Errorf("picked %v in units of %d, want %v in units of 1", g.Picked, g.Unit, want)
	}
	s := r.Strip(0, nil, ByPicks)
	if want := []float32{1, 0, 0, 0, 0, 1, 1, 0, 1, 1}; s.Unit != 1 || !reflect.DeepEqual(s.Values, want) {
		t.Errorf("strip %+v, want %v token by token", s, want)
	}
}

func TestGridOfPrefillMergesQueries(t *testing.T) {
	h := tiny()
	h.Phase = sparse.PhasePrefill
	var picked []byte
	for q := range 9 {
		own := q / 4
		picks := []int{own}
		if q == 7 { // one query of the second line looks back
			picks = append(picks, 0)
		}
		picked = append(picked, packed(3, picks...)...)
	}
	r := replay(t, h, &trace.Selection{Step: -1, Queries: 9, Unit: 4, Candidates: 3, Picked: picked}, blocks(0, 0, nil, 0, 2))
	want := []Line{{-1, 0, 4}, {-1, 4, 4}, {-1, 8, 4}, {0, 9, 1}}
	if got := r.Lines(); !reflect.DeepEqual(got, want) {
		t.Fatalf("lines %v, want %v", got, want)
	}
	g := r.Grid(&Head{0, 0})
	share := []float32{1, -1, -1, .25, 1, -1, 0, 0, 1, 1, 0, 1}
	if !reflect.DeepEqual(g.Share, share) {
		t.Errorf("share %v, want %v", g.Share, share)
	}
	if want := [][]int{{0}, {0, 1}, {2}, {0, 2}}; !reflect.DeepEqual(g.Picked, want) {
		t.Errorf("picked %v, want %v", g.Picked, want)
	}
	if slices.Contains(g.Oracle, true) {
		t.Error("without a mass there is a heaviest block")
	}
}

func TestLongPromptsMergeMoreQueries(t *testing.T) {
	h := tiny()
	h.Phase = sparse.PhasePrefill
	h.Tokens = make([]trace.Token, 4*maxLines+1)
	r := replay(t, h)
	if got, most := r.Planned(), maxLines+1; got > most || got < most/2 {
		t.Errorf("%d lines planned for %d tokens, want at most %d and no less than half", got, len(h.Tokens), most)
	}
}

// TestPicturesSayWhatTheTraceSays holds every picture of whole blocks against the
// bits of the trace, for all methods.
func TestPicturesSayWhatTheTraceSays(t *testing.T) {
	for _, m := range sparse.Methods() {
		t.Run(m.ID, func(t *testing.T) {
			events, err := sample.Events(sample.Spec{Method: m.ID, Model: "ratplus", Memory: true, Layers: 2, Heads: 3, Context: 300, Seed: 9})
			if err != nil {
				t.Fatal(err)
			}
			r := replay(t, events...)
			for layer := range 2 {
				for head := range 3 {
					g := r.Grid(&Head{layer, head})
					for i, l := range g.Lines {
						if l.Step < 0 {
							continue
						}
						s := r.Selection(l.Step, layer, head)
						var want []int
						for c := range s.Candidates {
							if s.Has(0, c) {
								want = append(want, c)
							}
						}
						if !slices.Equal(g.Picked[i], want) {
							t.Fatalf("line %d of layer %d head %d: picked %v, trace has %v", i, layer, head, g.Picked[i], want)
						}
						read, _ := figures.Read(s, 0)
						if got := r.ReadsAt(i, &Head{layer, head}).Read; got != read {
							t.Errorf("line %d: %d entries read, trace has %d", i, got, read)
						}
						sum := 0.0
						for b := range g.Columns {
							if v := g.At(i, b); v > 0 {
								sum += float64(v) * float64(min((b+1)*16, l.First+1)-b*16)
							}
						}
						if math.Abs(sum-float64(read)) > 1e-3 {
							t.Errorf("line %d: shares add up to %v entries, trace has %d", i, sum, read)
						}
					}
				}
			}
		})
	}
}

func TestHeadGrid(t *testing.T) {
	r := replay(t, tiny())
	if c := r.HeadGrid().At(Head{0, 0}); c.Value(Hit) >= 0 || c.Value(Mass) >= 0 {
		t.Errorf("before any step a head is worth %+v, want not known", c)
	}
	for _, e := range []trace.Event{
		blocks(0, 0, []float32{0.1, 0.7, 0.2}, 0, 2),
		blocks(0, 1, []float32{0.5, 0.1, 0.4}, 1, 2),
		blocks(1, 0, []float32{0.6, 0.3, 0.1}, 0, 2),
		blocks(1, 1, []float32{0.2, 0.2, 0.6}, 1, 2),
	} {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	h := r.HeadGrid()
	want := []HeadCell{
		{Hit: false, Hits: 1, Golds: 2, Recall: 0.5, Mass: 0.5},
		{Hit: true, Hits: 2, Golds: 2, Recall: 0.5, Mass: 0.65},
	}
	for i, w := range want {
		got := h.Cells[i]
		if got.Hit != w.Hit || got.Hits != w.Hits || got.Golds != w.Golds ||
			math.Abs(float64(got.Recall-w.Recall)) > 1e-6 || math.Abs(float64(got.Mass-w.Mass)) > 1e-6 {
			t.Errorf("head %d: %+v, want %+v", i, got, w)
		}
	}
	if h.Hits() != 1 || h.Mean(Hit) != 0.75 {
		t.Errorf("%d hits, mean %v, want 1 and 0.75", h.Hits(), h.Mean(Hit))
	}
	// The run's own figures count once it is done.
	if err := r.Emit(&trace.Done{Hits: []trace.Hit{{Head: 1, Hit: true, Recall: 0.25, Mass: 0.125}}}); err != nil {
		t.Fatal(err)
	}
	if c := r.HeadGrid().At(Head{0, 1}); c.Recall != 0.25 || c.Mass != 0.125 {
		t.Errorf("done, head 1 is worth %+v, want the run's own figures", c)
	}
}

func TestStripByMass(t *testing.T) {
	r := replay(t, tiny(), blocks(0, 0, []float32{0.1, 0.7, 0.2}, 0), blocks(0, 1, []float32{0.5, 0.1, 0.4}, 0))
	s := r.Strip(0, nil, ByMass)
	for i, want := range []float32{0.3 / 0.4, 1, 0.3 / 0.4} {
		if math.Abs(float64(s.Values[i]-want)) > 1e-6 {
			t.Errorf("block %d shaded %v, want %v", i, s.Values[i], want)
		}
	}
	if math.Abs(float64(s.Top)-0.4) > 1e-6 || s.Unit != 4 {
		t.Errorf("top %v of units of %d, want 0.4 of 4", s.Top, s.Unit)
	}
	if r.Strip(1, nil, ByMass) != nil || r.Strip(-1, nil, ByPicks) != nil {
		t.Error("a line that does not exist has a strip")
	}
}

func TestReadout(t *testing.T) {
	r := replay(t, tiny(), blocks(0, 0, []float32{0.1, 0.7, 0.2}, 0, 2), blocks(0, 1, []float32{0.5, 0.1, 0.4}, 1, 2))
	got, ok := r.Readout(0, 1, nil)
	if !ok || got.Votes != 1 || got.Heads != 2 || !got.Gold || got.Share != 0.5 || got.Rank != 0 || got.ScoreRank != -1 ||
		math.Abs(float64(got.Mass)-0.4) > 1e-6 {
		t.Errorf("over all heads %+v", got)
	}
	got, _ = r.Readout(0, 1, &Head{0, 0})
	if got.Share != 0 || !got.Seen || got.Mass != 0.7 || got.Rank != 0 || got.Score != 1 || got.ScoreRank != 2 || got.Scored != 3 {
		t.Errorf("for head 0 %+v", got)
	}
	if got.Lo != 4 || got.Hi != 8 {
		t.Errorf("positions %d to %d, want 4 to 8", got.Lo, got.Hi)
	}
	for _, at := range [][2]int{{1, 0}, {-1, 0}, {0, 3}, {0, -1}} {
		if _, ok := r.Readout(at[0], at[1], nil); ok {
			t.Errorf("line %d block %d reads out, neither may exist", at[0], at[1])
		}
	}
}

// TestReadoutOfARunThatGrows: what is kept between two looks at a line is of the head that is
// looked at and of all that has arrived.
func TestReadoutOfARunThatGrows(t *testing.T) {
	events := []trace.Event{tiny(), blocks(0, 0, []float32{0.1, 0.7, 0.2}, 0, 2), blocks(0, 1, []float32{0.5, 0.1, 0.4}, 1, 2), blocks(1, 0, nil, 1)}
	grown := &Run{}
	for n, e := range events {
		if err := grown.Emit(e); err != nil {
			t.Fatal(err)
		}
		for line := range 2 {
			for _, head := range []*Head{nil, {0, 0}, {0, 1}, {0, 0}} {
				got, ok := grown.Readout(line, 2, head)
				want, there := replay(t, events[:n+1]...).Readout(line, 2, head)
				if ok != there || !reflect.DeepEqual(got, want) {
					t.Errorf("after %d events line %d of head %v is %+v, want %+v", n+1, line, head, got, want)
				}
			}
		}
	}
}

func TestReads(t *testing.T) {
	r := replay(t, tiny(), blocks(0, 0, nil, 0, 2), blocks(0, 1, nil, 0, 1, 2), blocks(1, 0, nil, 2))
	if got, want := r.HeadReads(nil), (Reads{6 + 10 + 3, 10 + 10 + 11}); got != want {
		t.Errorf("all heads read %+v, want %+v", got, want)
	}
	if got, want := r.HeadReads(&Head{0, 0}), (Reads{6 + 3, 10 + 11}); got != want {
		t.Errorf("head 0 read %+v, want %+v", got, want)
	}
	if got, want := r.Bytes(3), 3*2*8*4; got != want {
		t.Errorf("3 entries are %d bytes, want %d", got, want)
	}
	if (Reads{}).Fraction() != 1 {
		t.Error("nothing to read is not everything read")
	}
}

func TestRefusedEventChangesNothing(t *testing.T) {
	r := replay(t, tiny(), blocks(0, 0, nil, 0))
	before := r.Grid(nil)
	if err := r.Emit(blocks(0, 2, nil, 1)); err == nil {
		t.Fatal("a head that the model lacks was taken")
	}
	if !reflect.DeepEqual(r.Grid(nil), before) {
		t.Error("a refused event changed the picture")
	}
}

func TestPiecesAreTheText(t *testing.T) {
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "attention", Layers: 1, Heads: 1, Context: 300, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	h := events[0].(*trace.Header)
	text := strings.Join(Pieces(h), "")
	if !strings.Contains(text, "One of the special magic numbers for ") || !strings.Contains(text, " is: "+h.Expected[0]+".") {
		t.Errorf("text %q lacks its needle", text)
	}
	for text, tokens := range map[string][]string{
		"Hello world":      {"Hello", " world"},                // of another vocabulary
		"the grass is\nok": {"the", "grass", "is", "\n", "ok"}, // of a run saved before pieces were
	} {
		old := &trace.Header{}
		for _, token := range tokens {
			old.Tokens = append(old.Tokens, trace.Token{Text: token})
		}
		if got := strings.Join(Pieces(old), ""); strings.ReplaceAll(got, "\n ", "\n") != text {
			t.Errorf("%q reads %q", tokens, got)
		}
	}
	turned := &trace.Header{Tokens: make([]trace.Token, 2), Pieces: []string{"\u202eabc", "\u2067x"}}
	if got := Pieces(turned); !slices.Equal(got, []string{"⟨RLO⟩abc", "⟨RLI⟩x"}) {
		t.Errorf("controls of direction read %q", got)
	}
}

func TestLabel(t *testing.T) {
	for text, want := range map[string]string{
		"": "∅", "\n": "↵", " ": "␣", "<eos>": "end", "the": "the", "<cap>": "<cap>",
		"<0x79>": "y", "<0x20>": "<0x20>", "<0x7F>": "<0x7F>", "<0xC3>": "<0xC3>", "<0x": "<0x", "<0x4": "<0x4", "<0x41>s": "<0x41>s",
		"שלום": "\u2068שלום\u2069", " 12 عدد": "\u2068 12 عدد\u2069", "\u202e12": "⟨RLO⟩12", "7 你": "7 你",
	} {
		if got := Label(trace.Token{Text: text}); got != want {
			t.Errorf("Label(%q) = %q, want %q", text, got, want)
		}
	}
}

func BenchmarkGrid(b *testing.B) {
	for _, spec := range []sample.Spec{
		{Method: "quest", Model: "attention", Layers: 6, Heads: 4, Context: 1024, Seed: 1},
		{Method: "moba", Model: "attention", Layers: 6, Heads: 4, Context: 1024, Seed: 1},
	} {
		events, err := sample.Events(spec)
		if err != nil {
			b.Fatal(err)
		}
		r := replay(b, events...)
		for _, head := range []*Head{nil, {0, 1}} {
			b.Run(fmt.Sprintf("%s/one=%v", spec.Method, head != nil), func(b *testing.B) {
				for b.Loop() {
					r.Grid(head)
				}
			})
		}
	}
}
