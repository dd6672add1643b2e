package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

func smallRun(t *testing.T, dir string, resume bool, report func(Point)) *Trainer {
	t.Helper()
	cfg, err := ParseConfig(strings.NewReader(smallConfig))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRun(*cfg, tokenizer.NewDemo(), ops.Reference(), RunOptions{
		Dir: dir, Resume: resume, SaveEvery: time.Hour, LogEvery: 1, EvalEvery: 5, Examples: 2, Report: report,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestResume: a run stopped in the middle and resumed ends with the weights of one
// that was not.
func TestResume(t *testing.T) {
	whole, broken := t.TempDir(), t.TempDir()
	var points []Point
	if err := smallRun(t, whole, false, func(p Point) { points = append(points, p) }).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(points) != 12 || points[11].Tokens != 12*256 || points[11].Stage != 2 {
		t.Errorf("%d reports, the last %+v", len(points), points[len(points)-1])
	}
	// Needles of the user's own do not fit 256 tokens.
	if _, ok := points[11].Exact["S-1"]; !ok || len(points[11].Exact) != 8 {
		t.Errorf("examined %v", points[11].Exact)
	}
	for _, stop := range []int{3, 5, 0} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := smallRun(t, broken, true, func(Point) {
			if n++; n == stop {
				cancel()
			}
		}).Train(ctx)
		if stop > 0 && !errors.Is(err, context.Canceled) || stop == 0 && err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	load := func(dir, name string) *model.Weights {
		f, err := checkpoint.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cfg, err := model.ReadConfig(f, "")
		if err != nil {
			t.Fatal(err)
		}
		w, err := model.ReadWeights(f, cfg, "")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	a, b := load(whole, "state.safetensors"), load(broken, "state.safetensors")
	for i, x := range a.Embedding.F32 {
		if x != b.Embedding.F32[i] {
			t.Fatalf("embedding %d: %g whole, %g resumed", i, x, b.Embedding.F32[i])
		}
	}
	// The model as shipped is the same in half precision.
	half := load(whole, "model.safetensors")
	for i, x := range a.Layers[0].In.F32 {
		if math.Abs(float64(x-half.Layers[0].In.F32[i])) > math.Abs(float64(x))/1024+1e-7 {
			t.Fatalf("in_proj %d: %g, as shipped %g", i, x, half.Layers[0].In.F32[i])
		}
	}
}

// TestResumeRefuses: a state of another run, or one that is damaged, is named and not begun.
func TestResumeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ field, value, want string }{
		"stage below none":  {"stage", "-1", "metadata stage: -1, want at least 0"},
		"stage beyond":      {"stage", "99", "metadata stage: 99, the config has"},
		"step below none":   {"step", "-1", "metadata step: -1"},
		"tokens, a word":    {"tokens", "many", "metadata tokens"},
		"steps beyond":      {"steps", "9223372036854775808", "metadata steps"},
		"history is none":   {"history", "{", "metadata history"},
		"another seed":      {"seed", "8", "metadata seed: \"8\", the config has 7"},
		"another tokenizer": {"tokenizer", "other", "made with vocabulary other"},
	} {
		meta := map[string]string{"tokenizer": tokenizer.NewDemo().Fingerprint(), "seed": "7", "stage": "0", "step": "0", "tokens": "0", "steps": "0", "history": "[]"}
		meta[c.field] = c.value
		dir := t.TempDir()
		if err := checkpoint.Save(filepath.Join(dir, "state.safetensors"), meta, nil); err != nil {
			t.Fatal(err)
		}
		cfg, err := ParseConfig(strings.NewReader(smallConfig))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewRun(*cfg, tokenizer.NewDemo(), ops.Reference(), RunOptions{Dir: dir, Resume: true}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSnapshotSteps(t *testing.T) {
	got := snapshotSteps(5000, 5)
	if want := []int{50, 158, 500, 1581, 5000}; !slices.Equal(got, want) {
		t.Errorf("5 of 5000 steps: %v, want %v", got, want)
	}
	if got := snapshotSteps(60, 20); !slices.IsSorted(got) || got[len(got)-1] != 60 || len(got) != len(slices.Compact(slices.Clone(got))) {
		t.Errorf("20 of 60 steps: %v, want distinct steps up to 60", got)
	}
	if got := snapshotSteps(40, 14); !slices.Equal(got, []int{40}) {
		t.Errorf("14 of 40 steps: %v, want the last", got)
	}
	if got := snapshotSteps(60, 0); got != nil {
		t.Errorf("none asked, got %v", got)
	}
}

// TestShortRunKeepsItself: a run of few steps leaves the model it ends with in its history, and
// of an earlier run's models there none; what else lies there stays.
func TestShortRunKeepsItself(t *testing.T) {
	dir := t.TempDir()
	history := filepath.Join(dir, "history")
	if err := os.Mkdir(history, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"000050.safetensors", "1000000.safetensors", "50.safetensors", "000050.txt", "best.safetensors"} {
		if err := os.WriteFile(filepath.Join(history, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := smallRun(t, dir, false, func(Point) {})
	r.opts.Snapshots = 14
	if err := r.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(history)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"000012.safetensors", "000050.txt", "50.safetensors", "best.safetensors"}; !slices.Equal(names, want) {
		t.Errorf("the history holds %v, want %v", names, want)
	}
}

// diverging learns until a step whose loss or norm is no number.
type diverging struct {
	learner
	at         int
	loss, norm float64
}

func (d diverging) learn(b *Batch, mask Mask, t turn) (loss, norm float64, right []bool) {
	loss, norm, right = d.learner.learn(b, mask, t)
	if t.step == d.at {
		return d.loss, d.norm, right
	}
	return loss, norm, right
}

// TestNoNumber: a step without a finite loss and gradient ends the run, and is neither
// reported nor saved.
func TestNoNumber(t *testing.T) {
	for _, d := range []diverging{{loss: math.NaN(), norm: 1}, {loss: math.Inf(1), norm: 1}, {loss: 1, norm: math.NaN()}, {loss: 1, norm: math.Inf(1)}} {
		dir, reported := t.TempDir(), 0
		r := smallRun(t, dir, false, func(p Point) { reported = p.Step })
		r.opts.SaveEvery = 0
		d.learner, d.at = r.learner, 2
		r.learner = d
		err := r.Train(t.Context())
		if err == nil || !strings.Contains(err.Error(), "stage 1 step 2: the loss is") || reported != 1 {
			t.Errorf("loss %g, norm %g: %v after a report of step %d", d.loss, d.norm, err, reported)
		}
		f, err := checkpoint.Open(filepath.Join(dir, "state.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if f.Metadata["steps"] != "1" {
			t.Errorf("loss %g, norm %g: the state is of step %s, want the one before", d.loss, d.norm, f.Metadata["steps"])
		}
		f.Close()
	}
}

// TestRate: up from where the stage before ended, then down to its own end.
func TestRate(t *testing.T) {
	c := Config{Stages: []Stage{
		{Contexts: []int{64}, Batch: 64, Tokens: 1000 * 64, LR: 1, LREnd: 0.5, Warmup: 100},
		{Contexts: []int{64}, Batch: 64, Tokens: 1000 * 64, LR: 0.7, LREnd: 0.1, Warmup: 100},
	}}
	for _, tc := range []struct {
		stage, step int
		want        float64
	}{{0, 0, 0.01}, {0, 99, 1}, {0, 100, 1}, {0, 550, 0.75}, {0, 999, 0.5}, {1, 0, 0.502}, {1, 99, 0.7}, {1, 550, 0.4}, {1, 999, 0.1}} {
		if got := c.rate(tc.stage, tc.step); math.Abs(got-tc.want) > 1e-5 {
			t.Errorf("stage %d step %d: %g, want %g", tc.stage, tc.step, got, tc.want)
		}
	}
}

// TestLessons checks on every kind of sequence that what is asked can be known: a
// value asked for stands in the text before it.
func TestLessons(t *testing.T) {
	w := newWriter(tokenizer.NewDemo())
	lessons := map[string]func(*rand.Rand, int) *sequence{"repeats": w.repeats, "associations": w.associations, "packed": w.packed}
	for name, draw := range lessons {
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 1))
			s := draw(rng, 257)
			if len(s.tokens) != len(s.kinds) || s.tokens[0] != w.tok.BOS() {
				t.Fatalf("%s seed %d: malformed", name, seed)
			}
			scored := 0
			for i, k := range s.kinds {
				if k == unscored {
					continue
				}
				scored++
				if k != closing && !appears(s.tokens[:i], s.tokens[i]) {
					t.Fatalf("%s seed %d: token %d (%s) is asked for and stands nowhere before", name, seed, i, w.tok.Text(s.tokens[i]))
				}
			}
			if scored == 0 {
				t.Errorf("%s seed %d: nothing to learn", name, seed)
			}
		}
	}
}

func appears(before []int32, id int32) bool {
	for _, x := range before {
		if x == id {
			return true
		}
	}
	return false
}

// TestContexts: every step takes one of the stage's contexts, and tasks that fit it.
func TestContexts(t *testing.T) {
	w := newWriter(tokenizer.NewDemo())
	stage := &Stage{Contexts: []int{128, 512}, Batch: 1024, Mix: Mix{Tasks: 1}, Tasks: []string{"S-1", niah.OwnID}}
	seen := map[int]int{}
	for seed := range uint64(20) {
		b, _, err := draw(w, rand.New(rand.NewPCG(seed, 1)), stage)
		if err != nil {
			t.Fatal(err)
		}
		if b.Seqs*b.Length != stage.Batch || len(b.Tokens) != stage.Batch {
			t.Fatalf("%d sequences of %d tokens, want %d together", b.Seqs, b.Length, stage.Batch)
		}
		seen[b.Length]++
	}
	if len(seen) != 2 || seen[128] == 0 || seen[512] == 0 {
		t.Errorf("contexts drawn %v, want both", seen)
	}
	cfg, err := ParseConfig(strings.NewReader(strings.Replace(smallConfig, "context = 128 256", "context = 64 256", 1)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewRun(*cfg, tokenizer.NewDemo(), ops.Reference(), RunOptions{})
	if err == nil || !strings.Contains(err.Error(), "stage 2: tasks: none of [S-1 MK-2] fits 65 tokens") {
		t.Errorf("tasks at 64 tokens: %v", err)
	}
}

// TestExampleKinds: every value of a task starts with a first token.
func TestExampleKinds(t *testing.T) {
	w := newWriter(tokenizer.NewDemo())
	for id, want := range map[string]int{"S-1": 1, "S-3": 1, "MV": 4, "MQ": 4} {
		s, err := w.example(id, 3, 257)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, k := range s.kinds {
			if k == first {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d values, want %d", id, n, want)
		}
	}
}
