package view

import (
	"math"
	"strings"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/train/traintest"
	"kvscope/web/anatomy"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// ran is a real run of a small model with fresh weights, with or without a memory, and
// what one of its heads saw.
func ran(t *testing.T, memory bool, method string) (*picture.Run, *widget.ColumnView) {
	t.Helper()
	return ranBy(t, memory, method, picture.Head{Layer: 1, Head: 1}, "")
}

// ranBy is ran with a head and the keys that blocks are selected by.
func ranBy(t *testing.T, memory bool, method string, at picture.Head, selectWith string) (*picture.Run, *widget.ColumnView) {
	t.Helper()
	cfg := traintest.Config(memory)
	cfg.Context = 384
	e := run.NewEngine(ops.Reference())
	if err := e.AddFile("m", traintest.File(t, cfg, 3)); err != nil {
		t.Fatal(err)
	}
	cache, r := run.NewCache(e, 1<<28), &picture.Run{}
	req := run.Request{Model: "m", Task: "MK-1", Seed: 1, SelectWith: selectWith, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/4"}}}
	if err := cache.Run(t.Context(), req, r); err != nil {
		t.Fatal(err)
	}
	head, err := cache.Cached(req.ID()).Head(at.Layer, at.Head)
	if err != nil {
		t.Fatal(err)
	}
	return r, &widget.ColumnView{Name: "Attention", Run: r, Phase: state.Done, HeadData: state.HeadData{Phase: state.Done, Head: head}}
}

// TestTermsAddUp: the terms of a block's score come to the score that the run selected
// by, and those of its best key to a dot product that the bound is not below.
func TestTermsAddUp(t *testing.T) {
	for _, c := range []struct {
		method string
		memory bool
	}{{"quest", false}, {"quest", true}, {"moba", false}, {"moba", true}} {
		r, v := ran(t, c.memory, c.method)
		taken := 0
		for line, l := range r.Lines() {
			for b := range r.Columns() {
				a := anatomy.Of(r, line, b, picture.Head{Layer: 1, Head: 1}, v.HeadData.Head)
				if a == nil {
					continue
				}
				var sum, best float64
				for _, p := range a.Parts {
					sum, best = sum+float64(p.Value), best+float64(p.True)
				}
				score := r.Selection(l.Step, 1, 1).Scores[b]
				if math.IsInf(float64(score), 1) {
					continue // read whatever it scores
				}
				taken++
				if a.Score != score || math.Abs(sum-float64(score)) > 1e-4*max(1, math.Abs(sum)) {
					t.Fatalf("%s, line %d, block %d: terms come to %g, the run selected by %g", c.method, line, b, sum, score)
				}
				if math.Abs(best-float64(a.Best)) > 1e-4*max(1, math.Abs(best)) || a.BestAt < a.Lo || a.BestAt >= a.Hi {
					t.Fatalf("%s, block %d: the best key at %d comes to %g, not %g", c.method, b, a.BestAt, best, a.Best)
				}
				if a.Kind == anatomy.BoundParts && a.Best > score+1e-4*max(1, score) {
					t.Fatalf("block %d: a key has %g, above the bound %g", b, a.Best, score)
				}
			}
		}
		if taken < 5 {
			t.Errorf("%s, memory %v: %d scores taken apart", c.method, c.memory, taken)
		}
	}
}

// TestPlacesAreThoseOfTheSelection: the place of a block by plain keys is that by which a
// run that selects by them ranks it, and the place by keys with the memory is the run's own.
func TestPlacesAreThoseOfTheSelection(t *testing.T) {
	head := picture.Head{Head: 1} // of the first layer, whose queries no selection has changed yet
	for _, method := range []string{"quest", "moba"} {
		r, v := ranBy(t, true, method, head, "")
		plain, _ := ranBy(t, true, method, head, run.WithPlain)
		line := 0
		var a *anatomy.Block
		for ; a == nil && line < len(r.Lines()); line++ { // MoBA scores for queries of the prompt too
			a = anatomy.Of(r, line, 1, head, v.HeadData.Head)
		}
		line--
		if a == nil || len(a.Places) < 5 {
			t.Fatalf("%s: places %+v", method, a)
		}
		step := r.Lines()[line].Step
		with, without := r.Selection(step, 0, 1).Scores, plain.Selection(step, 0, 1).Scores
		moved := false
		for i, p := range a.Places {
			for j, o := range a.Places {
				if !finite(with[i], with[j], without[i], without[j]) {
					continue
				}
				if (with[i] > with[j]) != (p.Memory < o.Memory) && with[i] != with[j] {
					t.Errorf("%s: blocks %d and %d have %g and %g, and places %d and %d by K̃", method, i, j, with[i], with[j], p.Memory, o.Memory)
				}
				if (without[i] > without[j]) != (p.Plain < o.Plain) && without[i] != without[j] {
					t.Errorf("%s: blocks %d and %d have %g and %g, and places %d and %d by K", method, i, j, without[i], without[j], p.Plain, o.Plain)
				}
			}
			moved = moved || p.Plain != p.Memory
		}
		if !moved {
			t.Errorf("%s: the memory moves no block", method)
		}
	}
	r, v := ran(t, false, "quest")
	if a := anatomy.Of(r, 0, 1, picture.Head{Layer: 1, Head: 1}, v.HeadData.Head); a == nil || a.Places != nil {
		t.Errorf("without a memory the places are %+v", a)
	}
}

func finite(all ...float32) bool {
	for _, v := range all {
		if math.IsInf(float64(v), 0) {
			return false
		}
	}
	return true
}

// TestBlockIsShown: the block pointed out, with its sum, and a message where none is.
func TestBlockIsShown(t *testing.T) {
	r, v := ran(t, true, "quest")
	s := state.New(state.DefaultPlace(), States(All()))
	head := picture.Head{Layer: 1, Head: 1}
	s, _ = s.Do(state.Lock{Head: &head})
	s, _ = s.Do(state.Show{View: "block"})
	s, _ = s.Do(state.Choose{Line: 0, Block: 3})
	v.Gold = r.Gold(0)
	f := &Frame{ID: "0", Column: v, State: &s}
	p := Block().Of(v, &s)
	page := html(p, f)
	for _, want := range []string{`data-block="3"`, `data-terms="16"`, `data-testid="slopes-0"`, "without the memory, it ranks ", "Block 3, positions 48–63: bound ", "largest q·k", "rank "} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page[:min(len(page), 4000)])
		}
	}
	if svg := p.SVG(f, "Attention").SVG; strings.Count(svg, "data-term=") != 16 {
		t.Errorf("%d terms are saved", strings.Count(svg, "data-term="))
	} else if places := len(anatomy.Of(r, 0, 3, head, v.HeadData.Head).Places); strings.Count(svg, "data-slope=") != places {
		t.Errorf("%d places are saved, want %d", strings.Count(svg, "data-slope="), places)
	}
	s, _ = s.Do(state.Point{Block: 5, Line: 0})
	if Block().By(v, &s) == (blockBy{v.HeadData.Head, v.Line, 3}) || !strings.Contains(html(Block().Of(v, &s), f), `data-block="5"`) {
		t.Error("the pointer chooses no block")
	}
	snap, column := ran(t, false, "snapkv")
	column.Gold = snap.Gold(0)
	s, _ = s.Do(state.Leave{})
	if page := html(Block().Of(column, &s), &Frame{ID: "0", Column: column, State: &s}); !strings.Contains(page, "votes for a token") {
		t.Errorf("an eviction has no votes: %s", page[:min(len(page), 3000)])
	}
	dense, column := ran(t, false, "dense")
	column.Gold = dense.Gold(0)
	if page := html(Block().Of(column, &s), &Frame{ID: "0", Column: column, State: &s}); !strings.Contains(page, "no score to take apart") {
		t.Error("dense attention has scores")
	}
}
