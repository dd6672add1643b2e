package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// Trainer is a training run in progress.
type Trainer struct {
	cfg     Config
	opts    RunOptions
	lessons lessons
	learner learner

	stage   int // current stage
	step    int // steps taken in it
	steps   int // taken so far
	tokens  int // trained on so far
	history []Point
}

// RunOptions are where a run keeps its files and how often it reports.
type RunOptions struct {
	Dir       string        // state.safetensors and model.safetensors go here
	Resume    bool          // continue from Dir's state when there is one
	SaveEvery time.Duration // between checkpoints
	LogEvery  int           // steps between reports
	EvalEvery int           // steps between held-out evaluations
	Examples  int           // held-out examples per task
	Snapshots int           // models kept along the way, in Dir's history
	Report    func(Point)   // called for every report
}

// learner is the network that a run trains, with its optimiser: a model, an adapter or an
// index.
type learner interface {
	// learn takes one optimiser step on a batch. It returns its loss, the norm of the
	// gradient, and for every row with a target whether the first choice was right.
	learn(b *Batch, mask Mask, t turn) (loss, norm float64, right []bool)
	// answer is the last of what learn returns, nothing being learned.
	answer(b *Batch) (right []bool)
	// state is everything that a resumed run needs beside the run's own place, and
	// resume takes it up again.
	state() []checkpoint.Tensor
	resume(f *checkpoint.File) error
	// metadata describes it in the files of the run.
	metadata() map[string]string
	// save writes what has been learned to the file at path, as the product loads it.
	save(path string, metadata map[string]string) error
}

// turn says which step it is that a learner takes.
type turn struct {
	lr     float64
	step   int // of the whole run, from 1
	tokens int // trained on before
	hold   bool
}

// NewRun prepares a run of a demo model, from its start or from where it was.
func NewRun(cfg Config, tok *tokenizer.Demo, k *ops.Kernels, opts RunOptions) (*Trainer, error) {
	cfg.Model.Vocab = tok.Size()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Adapter != nil {
		return nil, input.Errorf("base", "%s, want a run of a demo model", cfg.Adapter.Base)
	}
	return newRun(cfg, newWriter(tok), newDemo(cfg, k), opts)
}

// newRun is NewRun of a config that has been looked at.
func newRun(cfg Config, from lessons, l learner, opts RunOptions) (*Trainer, error) {
	r := &Trainer{cfg: cfg, opts: opts, lessons: from, learner: l}
	for i, st := range cfg.Stages {
		for _, n := range st.Contexts {
			if _, err := from.fitting(st.Tasks, n+1); st.Mix.Tasks > 0 && err != nil {
				return nil, fmt.Errorf("stage %d: %w", i+1, err)
			}
		}
	}
	if opts.Resume {
		if err := r.restore(r.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return r, nil
}

func (r *Trainer) statePath() string   { return filepath.Join(r.opts.Dir, "state.safetensors") }
func (r *Trainer) historyPath() string { return filepath.Join(r.opts.Dir, "history") }

// rate is the learning rate at a step of stage i: linear from where the stage before
// ended, zero for the first, to the peak, then a cosine down to its own end.
func (c *Config) rate(i, step int) float64 {
	st, from := &c.Stages[i], 0.0
	if i > 0 {
		from = c.Stages[i-1].LREnd
	}
	if step < st.Warmup {
		return from + (st.LR-from)*float64(step+1)/float64(st.Warmup)
	}
	done := float64(step-st.Warmup) / float64(max(1, st.steps()-st.Warmup))
	return st.LREnd + (st.LR-st.LREnd)*(1+math.Cos(math.Pi*min(done, 1)))/2
}

// Train runs to the end of the last stage, or until ctx ends, in which case the
// state is saved and ctx's error returned. What a step trains on depends on the
// seed, stage and step alone, so a resumed run takes the same path.
func (r *Trainer) Train(ctx context.Context) error {
	saved := time.Now()
	snapshots := snapshotSteps(r.cfg.steps(), r.opts.Snapshots)
	if r.steps == 0 && len(snapshots) > 0 {
		if err := clearSnapshots(r.historyPath()); err != nil {
			return err
		}
	}
	for ; r.stage < len(r.cfg.Stages); r.stage, r.step = r.stage+1, 0 {
		st := &r.cfg.Stages[r.stage]
		total := st.steps()
		var sums tally
		started := time.Now()
		for r.step < total {
			if err := ctx.Err(); err != nil {
				return errors.Join(err, r.save(r.statePath()))
			}
			lr := r.cfg.rate(r.stage, r.step)
			norm, err := r.take(st, lr, &sums)
			if err != nil {
				return err
			}
			r.step++
			r.steps++
			r.tokens += st.Batch
			last := r.step == total
			snapshot := slices.Contains(snapshots, r.steps)
			if r.step%r.opts.LogEvery == 0 || last || snapshot {
				tokens := sums.steps * st.Batch
				p := Point{
					Stage: r.stage + 1, Step: r.steps, Tokens: r.tokens, LR: lr, Loss: sums.loss / float64(sums.steps),
					First: sums.share(first), Value: sums.share(value), Repeats: sums.share(repeated), Running: sums.share(running),
					PerSec: float64(tokens) / time.Since(started).Seconds(), GradNorm: norm,
				}
				if r.step%r.opts.EvalEvery == 0 || last || snapshot {
					p.Exact, p.FirstOf = r.evaluate(st.longest())
				}
				r.history = append(r.history, p)
				r.opts.Report(p)
				sums, started = tally{}, time.Now()
			}
			if snapshot {
				if err := r.saveSnapshot(); err != nil {
					return err
				}
			}
			if time.Since(saved) > r.opts.SaveEvery {
				if err := r.saveBoth(); err != nil {
					return err
				}
				saved = time.Now()
			}
		}
	}
	return r.saveBoth()
}

// take is one optimiser step, which returns the norm of its gradient. What has been learned
// is of no use after one whose loss or gradient is not finite.
func (r *Trainer) take(st *Stage, lr float64, tally *tally) (norm float64, err error) {
	rng := rand.New(rand.NewPCG(r.cfg.Seed, uint64(r.stage)<<32|uint64(r.step)))
	b, kinds, err := draw(r.lessons, rng, st)
	if err != nil {
		return 0, err
	}
	var mask Mask
	if st.DilationEvery > 0 && r.step%st.DilationEvery == 0 && r.cfg.dilates() {
		mask = Mask{Dilation: st.Dilation, Window: st.Window, Initial: st.Initial}
	}
	loss, norm, right := r.learner.learn(b, mask, turn{lr: lr, step: r.steps + 1, tokens: r.tokens, hold: st.HoldLookBack})
	if loss-loss != 0 || norm-norm != 0 {
		return 0, fmt.Errorf("stage %d step %d: the loss is %g and the norm of the gradient %g, want finite numbers: a smaller lr may help; what was saved before stands", r.stage+1, r.step+1, loss, norm)
	}
	tally.add(loss, kinds, right)
	return norm, nil
}

// tally sums up the steps between two reports.
type tally struct {
	steps       int
	loss        float64
	seen, right [running + 1]int
}

func (t *tally) add(loss float64, kinds []kind, right []bool) {
	t.steps++
	t.loss += loss
	for i, k := range kinds {
		t.seen[k]++
		if right[i] {
			t.right[k]++
		}
	}
}

// share is the accuracy on tokens of kind k.
func (t *tally) share(k kind) float64 { return float64(t.right[k]) / float64(max(1, t.seen[k])) }

// examined are the tasks that evaluate measures in a context.
func examined(context int) []string {
	var ids []string
	for _, task := range niah.Tasks() {
		ids = append(ids, task.ID)
	}
	if context >= leastOwn {
		ids = append(ids, niah.OwnID)
	}
	return ids
}

// evaluate measures, on held-out examples of every task that fits the context,
// the share answered exactly (teacher-forced) and the share of first value tokens
// that are right.
func (r *Trainer) evaluate(context int) (exact, firsts map[string]float64) {
	exact, firsts = map[string]float64{}, map[string]float64{}
	for _, id := range examined(context) {
		var whole int
		var tally tally
		for start := 0; start < r.opts.Examples; start += 8 {
			n := min(8, r.opts.Examples-start)
			b := &Batch{Seqs: n, Length: context}
			var kinds [][]kind
			for i := range n {
				s, err := r.lessons.example(id, seedsHeldOut+uint64(start+i), context+1)
				if err != nil {
					kinds = nil
					break // the task does not fit this context
				}
				kinds = append(kinds, b.append(s, r.lessons.pad()))
			}
			if kinds == nil {
				break
			}
			right := r.learner.answer(b)
			for _, ks := range kinds {
				tally.add(0, ks, right[:len(ks)])
				ok := true
				for _, correct := range right[:len(ks)] {
					ok = ok && correct
				}
				if ok {
					whole++
				}
				right = right[len(ks):]
			}
		}
		if tally.steps > 0 {
			exact[id] = float64(whole) / float64(tally.steps)
			firsts[id] = tally.share(first)
		}
	}
	return exact, firsts
}
