package run

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
	"kvscope/engine/trace"
)

const (
	capHeads, capKVHeads, capLen, capDim = 4, 2, 100, 8
)

// capturedFile is one layer of grouped heads, of which the last queries are there.
func capturedFile(t *testing.T, queries, length int) *checkpoint.File {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(heads int) []float32 {
		x := make([]float32, heads*capLen*capDim)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	// part is positions [from, to) of heads [H, T, Dh].
	part := func(x []float32, from, to int) []float32 {
		var out []float32
		for at := 0; at < len(x); at += capLen * capDim {
			out = append(out, x[at+from*capDim:at+to*capDim]...)
		}
		return out
	}
	q, k := draw(capHeads), draw(capKVHeads)
	var out bytes.Buffer
	err := checkpoint.Write(&out, map[string]string{"model": "tiny"}, []checkpoint.Tensor{
		checkpoint.NewF32("q", []int{capHeads, queries, capDim}, part(q, length-queries, length)),
		checkpoint.NewF32("k", []int{capKVHeads, length, capDim}, part(k, 0, length)),
		checkpoint.NewF32("v", []int{capKVHeads, length, capDim}, part(k, 0, length)),
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func capturedCache(t *testing.T, queries int) *Cache {
	t.Helper()
	e := NewEngine(ops.Reference())
	if err := e.AddCapture("own", capturedFile(t, queries, capLen), apply.Options{}); err != nil {
		t.Fatal(err)
	}
	return NewCache(e, 1<<20)
}

// positions lists what row q of s picked, up to its own position.
func positions(s *trace.Selection, q int) []int {
	var out []int
	for p := range s.First + q + 1 {
		if s.Covers(q, p) {
			out = append(out, p)
		}
	}
	return out
}

// TestReplayEqualsSelect holds what the trace of a replay says was picked to what
// `kvscope select` picks of the same tensors, for every method.
func TestReplayEqualsSelect(t *testing.T) {
	for _, info := range methods() {
		if info.ID == "rocketkv" {
			continue // its queries read by pages of what stays, and select's last query is another
		}
		cfg, req := replayed(info.ID)
		replayEqualsSelect(t, info, cfg, req)
		if _, has := info.Param("whose_budget"); has {
			cfg = cfg.With("whose_budget", sparse.WhoseLayer)
			req.Config = cfg
			replayEqualsSelect(t, info, cfg, req)
		}
	}
}

// replayEqualsSelect holds a replay of one method, as it is set, to a selection.
func replayEqualsSelect(t *testing.T, info sparse.Info, cfg sparse.Config, req Request) {
	t.Helper()
	var got trace.Run
	err := capturedCache(t, capLen).Run(context.Background(), req, &got)
	if plan, _ := sparse.New(cfg, capLen); plan.NeedsModel {
		_, other := apply.Run(cfg, apply.Options{}, capturedFile(t, capLen, capLen), ops.Reference())
		if input.Field(err) != "method" || input.Field(other) != "method" {
			t.Errorf("%s needs a model: %v, select %v", info.ID, err, other)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", info.ID, err)
		return
	}
	if got.Done == nil || len(got.Done.Hits) != capHeads {
		t.Errorf("%s: the run is not done", info.ID)
		return
	}
	length := capLen
	if plan, _ := sparse.New(cfg, capLen); plan.Whole || info.Phase == sparse.PhaseEvict {
		length-- // select looks at, or evicts after, all of it, a run does so before the last query
	}
	want, err := apply.Run(cfg, apply.Options{}, capturedFile(t, length, length), ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	for h := range capHeads {
		step := got.Selection(0, 0, h)
		switch selected := want.Selected.(type) {
		case [][]int:
			picks := selected[h]
			if info.Phase == sparse.PhaseEvict {
				picks = append(slices.Clone(picks), capLen-1)
			}
			if !slices.Equal(positions(step, 0), picks) {
				t.Errorf("%s head %d: %v, select %v", info.ID, h, positions(step, 0), picks)
			}
		case [][][]int:
			prefill := got.Of(-1, 0, h)[0]
			for q, blocks := range selected[h] {
				s, row := prefill, q
				if q == capLen-1 {
					s, row = step, 0
				}
				var picked []int
				for b := range s.Candidates {
					if s.Has(row, b) {
						picked = append(picked, b*s.Unit/8)
					}
				}
				if picked = slices.Compact(picked); !slices.Equal(picked, blocks) {
					t.Errorf("%s head %d query %d: blocks %v, select %v", info.ID, h, q, picked, blocks)
				}
			}
		}
	}
}

// TestReplayOfLastQueries holds that the last queries alone pick what they pick among
// all, step by step, and what can be looked at of them.
func TestReplayOfLastQueries(t *testing.T) {
	const steps, queries = 5, 40
	_, req := replayed("quest")
	req.MaxNew = new(steps)
	var all, last trace.Run
	cache := capturedCache(t, queries)
	if err := capturedCache(t, capLen).Run(context.Background(), req, &all); err != nil {
		t.Fatal(err)
	}
	if err := cache.Run(context.Background(), req, &last); err != nil {
		t.Fatal(err)
	}
	if len(last.Header.Tokens) != capLen-steps+1 || last.Header.KVHeads != capKVHeads || last.Header.Arch != ArchCapture {
		t.Errorf("header %+v", last.Header)
	}
	if !reflect.DeepEqual(all.Selections, last.Selections) || len(last.Selections) != steps*capHeads {
		t.Errorf("%d selections of the last queries differ from the %d among all", len(last.Selections), len(all.Selections))
	}
	if h := last.Done.Hits[3]; !(h.Recall > 0 && h.Recall <= 1 && h.Mass > 0 && h.Mass <= 1.001) || h.Hit {
		t.Errorf("figures %+v, want recall and mass and no hit", h)
	}
	seen, err := cache.Cached(req.ID()).Head(0, 3)
	if err != nil {
		t.Fatal(err)
	}
	content, err := seen.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := lens.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	s, row := last.Selection(steps-1, 0, 3), make([]float32, capLen)
	decoded.Row(ops.Reference(), row, capLen-1)
	for b, mass := range s.Mass {
		var sum float32
		for _, w := range row[b*s.Unit : min((b+1)*s.Unit, capLen)] {
			sum += w
		}
		if d := sum - mass; d > 1e-5 || d < -1e-5 {
			t.Errorf("block %d: weights of the map add up to %v, the mass is %v", b, sum, mass)
		}
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"task":        {func(r *Request) { r.Task = "MK-1" }, "task: own is a capture"},
		"text":        {func(r *Request) { r.Text = "x" }, "text: own is a capture"},
		"all layers":  {func(r *Request) { r.Config = r.With("whose_budget", "all"); r.Method = "knorm" }, `whose_budget: "all", want head or layer: own is a capture`},
		"steps":       {func(r *Request) { r.MaxNew = new(41) }, "max_new: 41, want 1 to 40"},
		"memory":      {func(r *Request) { r.SelectWith = WithPlain }, "select_with: own has no memory"},
		"many voters": {func(r *Request) { r.Config, r.MaxNew = r.With("k", "40"), new(20); r.Method = "snapkv" }, "window: 32 queries before the last 20 vote, own holds the last 40 only"},
	} {
		_, req := replayed("quest")
		c.change(&req)
		err := capturedCache(t, 40).Check(req)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	e := NewEngine(ops.Reference())
	if err := e.AddCapture("own", capturedFile(t, capLen, capLen), apply.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Model("own"); err == nil {
		t.Error("a capture is taken for a model")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// replayed is a method as `kvscope select` and as a request are asked for it.
func replayed(method string) (sparse.Config, Request) {
	k := "4"
	if info, _ := sparse.Method(method); info.Unit == sparse.UnitToken {
		k = "40"
	}
	cfg := sparse.Config{Method: method, Values: sparse.Values{"block": "8", "k": k}}
	return cfg, Request{Model: "own", Config: cfg, MaxNew: new(1)}
}

// TestCaptureIsReadAsAsked: the same queries and keys in another order of axes and beside
// padding that is no number pick what they do as they are; and the scale of the softmax is
// the one that is asked for, or that the file has.
func TestCaptureIsReadAsAsked(t *testing.T) {
	const left, right = 3, 2
	plain := capturedFile(t, capLen, capLen)
	turned := func(metadata map[string]string) *checkpoint.File {
		var tensors []checkpoint.Tensor
		for name, heads := range map[string]int{"q": capHeads, "k": capKVHeads} {
			x, err := plain.Float32(name)
			if err != nil {
				t.Fatal(err)
			}
			out := make([]float32, 0, (left+capLen+right)*heads*capDim)
			for p := range left + capLen + right {
				for h := range heads {
					for c := range capDim {
						v := float32(math.NaN())
						if at := p - left; at >= 0 && at < capLen {
							v = x[(h*capLen+at)*capDim+c]
						}
						out = append(out, v)
					}
				}
			}
			tensors = append(tensors, checkpoint.NewF32(name, []int{1, left + capLen + right, heads, capDim}, out))
		}
		mask := make([]int64, left+capLen+right)
		for i := left; i < left+capLen; i++ {
			mask[i] = 1
		}
		tensors = append(tensors, checkpoint.NewI64("attention_mask", []int{1, len(mask)}, mask))
		var file bytes.Buffer
		if err := checkpoint.Write(&file, metadata, tensors); err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	picks := func(f *checkpoint.File, o apply.Options) (*trace.Run, *lens.HeadTensors) {
		t.Helper()
		e := NewEngine(ops.Reference())
		if err := e.AddCapture("own", f, o); err != nil {
			t.Fatal(err)
		}
		s := NewCache(e, 1<<20)
		_, req := replayed("quest")
		r := &trace.Run{}
		if err := s.Run(t.Context(), req, r); err != nil {
			t.Fatal(err)
		}
		h, err := s.Cached(req.ID()).Head(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		return r, h
	}
	want, head := picks(plain, apply.Options{})
	got, same := picks(turned(nil), apply.Options{Layout: "bshd"})
	if !reflect.DeepEqual(got.Selections, want.Selections) || !slices.Equal(same.Q, head.Q) || !slices.Equal(same.K, head.K) {
		t.Error("another order of axes and padding change what is picked")
	}
	scaled, asked := picks(plain, apply.Options{Scale: "0.9"})
	told, _ := picks(turned(map[string]string{"layout": "[batch, seq, head, head_dim]", "softmax_scale": "0.9"}), apply.Options{})
	if !reflect.DeepEqual(scaled.Selections, told.Selections) || reflect.DeepEqual(scaled.Selections, want.Selections) {
		t.Error("the scale of the file is not the one that is asked for, or has no effect")
	}
	if by := float64(asked.Q[0] / head.Q[0]); math.Abs(by-0.9*math.Sqrt(capDim)) > 1e-6 {
		t.Errorf("queries are multiplied by %g for a scale of 0.9", by)
	}
}
