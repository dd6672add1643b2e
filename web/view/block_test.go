package view

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/train"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// ran is a real run of a small model with fresh weights, with or without a memory, and
// what one of its heads saw.
func ran(t *testing.T, memory bool, method string) (*picture.Run, *widget.ColumnView) {
	t.Helper()
	tok := tokenizer.NewDemo()
	cfg := model.Config{
		Arch: model.Attention, Memory: memory, Vocab: tok.Size(), Dim: 32, Heads: 2, KVHeads: 2, HeadDim: 16, Layers: 2, Hidden: 64, Context: 384,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: memory,
	}
	meta := cfg.Metadata()
	meta["tokenizer"] = tok.Fingerprint()
	var file bytes.Buffer
	if err := checkpoint.Write(&file, meta, train.Initialise(cfg, 3).Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	e := run.NewEngine(ops.Reference())
	if err := e.Add("m", "fresh", f, nil); err != nil {
		t.Fatal(err)
	}
	shelf, r := run.NewShelf(e, 1<<28), &picture.Run{}
	req := run.Request{Model: "m", Task: "MK-1", Seed: 1, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/4"}}}
	if err := shelf.Run(t.Context(), req, r); err != nil {
		t.Fatal(err)
	}
	head, err := shelf.Kept(req.ID()).Head(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return r, &widget.ColumnView{Name: "Attention", Run: r, Phase: state.Done, Sight: state.Sight{Phase: state.Done, Head: head}}
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
				a := r.Anatomy(line, b, picture.Head{Layer: 1, Head: 1}, v.Sight.Head)
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
				if a.Kind == picture.BoundParts && a.Best > score+1e-4*max(1, score) {
					t.Fatalf("block %d: a key has %g, above the bound %g", b, a.Best, score)
				}
			}
		}
		if taken < 5 {
			t.Errorf("%s, memory %v: %d scores taken apart", c.method, c.memory, taken)
		}
	}
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
	for _, want := range []string{`data-block="3"`, `data-terms="16"`, "Block 3, positions 48–63: bound ", "largest q·k", "rank "} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page[:min(len(page), 4000)])
		}
	}
	if svg := p.SVG(f, "Attention").SVG; strings.Count(svg, "data-term=") != 16 {
		t.Errorf("%d terms are saved", strings.Count(svg, "data-term="))
	}
	s, _ = s.Do(state.Point{Block: 5, Line: 0})
	if Block().By(v, &s) == (blockBy{v.Sight.Head, v.Line, 3}) || !strings.Contains(html(Block().Of(v, &s), f), `data-block="5"`) {
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
