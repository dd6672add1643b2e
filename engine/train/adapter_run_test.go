package train

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

const smallAdapter = `
base = tiny # a random model
prose = tale.txt
seed = 7
rank = 2
gates = whole
ramp = 1K
context = 256
[stage]
context = 192 256
batch = 768
tokens = 3K
lr = 0.003
warmup = 2
mix = prose 0.4, associations 0.2, tasks 0.4
tasks = S-1 S-2 MV
dilation = 8
window = 8
initial = 4
dilation_every = 2
`

// demoBase is a tiny random llama that reads the demo vocabulary.
func demoBase(t *testing.T) Base {
	t.Helper()
	const from = "../model/testdata/llama_gqa_tied/"
	tok := tokenizer.NewDemo()
	text, err := os.ReadFile(from + "config.json")
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	config["vocab_size"] = tok.Size()
	if text, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Open(from + "model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ts []checkpoint.Tensor
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "model.embed_tokens.weight" {
			rng, x := rand.New(rand.NewPCG(1, 1)), make([]float32, tok.Size()*tensor.Shape[1])
			for i := range x {
				x[i] = float32(0.05 * rng.NormFloat64())
			}
			tensor = checkpoint.NewF32(name, []int{tok.Size(), tensor.Shape[1]}, x)
		}
		ts = append(ts, tensor)
	}
	if err := checkpoint.Save(filepath.Join(dir, "model.safetensors"), nil, ts); err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(dir, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return Base{Model: m, Tokenizer: tok, Name: "tiny", Hash: "h"}
}

// tale is a text of many different words, each standing there twice.
func tale() string {
	var b strings.Builder
	for range 2 {
		rng := rand.New(rand.NewPCG(3, 3))
		for range 60 {
			b.WriteString("Once")
			for range 6 {
				b.WriteByte(' ')
				for range 5 {
					b.WriteByte(byte('a' + rng.IntN(26)))
				}
			}
			b.WriteString(".\n")
		}
	}
	return b.String()
}

func adapterRun(t *testing.T, config, dir string, base Base, report func(Point)) *Trainer {
	t.Helper()
	cfg, err := ParseConfig(strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewAdapterRun(*cfg, base, []string{tale()}, ops.Reference(), RunOptions{
		Dir: dir, Resume: true, SaveEvery: time.Hour, LogEvery: 1, EvalEvery: 2, Examples: 1, Report: report,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// long skips a test of whole runs where tests are to be short, as with the race detector: of
// what runs at once there, TestAdapterResume has everything, and kernels are the reference's
// in all of them.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("whole runs; TestAdapterResume has one, run without -short for the others")
	}
}

// TestAdapterResume: a run that was stopped twice, on one core and on three, has the
// bits of one that was not; and what it writes is an adapter over its base.
func TestAdapterResume(t *testing.T) {
	base := demoBase(t)
	whole, broken := t.TempDir(), t.TempDir()
	var points []Point
	if err := adapterRun(t, smallAdapter, whole, base, func(p Point) { points = append(points, p) }).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := points[len(points)-1]; last.Tokens != 3*768 || last.Loss <= 0 || len(last.Exact) == 0 {
		t.Errorf("the last report is %+v", last)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, stop := range []int{1, 1, 0} {
		runtime.GOMAXPROCS(1 + 2*stop)
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := adapterRun(t, smallAdapter, broken, base, func(Point) {
			if n++; n == stop {
				cancel()
			}
		}).Train(ctx)
		cancel()
		if stop > 0 && !errors.Is(err, context.Canceled) || stop == 0 && err != nil {
			t.Fatal(err)
		}
	}
	a, b := openState(t, whole), openState(t, broken)
	if !slices.Equal(a.Names(), b.Names()) || len(a.Names()) != 3*base.Model.Config().Layers*10 {
		t.Errorf("%d tensors, and %d", len(a.Names()), len(b.Names()))
	}
	for _, name := range a.Names() {
		x, errX := a.Tensor(name)
		y, errY := b.Tensor(name)
		if errX != nil || errY != nil || !slices.Equal(x.Data, y.Data) {
			t.Errorf("%s differs where the run was stopped: %v %v", name, errX, errY)
		}
	}
	learned, err := model.OpenAdapter(filepath.Join(whole, "model.safetensors"))
	if err != nil || !learned.Gated() || learned.Base != "tiny" || learned.Rank != 2 {
		t.Errorf("it writes %+v: %v", learned, err)
	}
}

func openState(t *testing.T, dir string) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Open(filepath.Join(dir, "state.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestAdapterResumeErrors: a state goes on only over its own base and adapter.
func TestAdapterResumeErrors(t *testing.T) {
	long(t)
	base, dir := demoBase(t), t.TempDir()
	if err := adapterRun(t, smallAdapter, dir, base, func(Point) {}).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := base
	other.Hash = "other"
	for _, tc := range []struct {
		base     Base
		from, to string
		want     string
	}{
		{other, "", "", "another base"},
		{base, "rank = 2", "rank = 3", "has shape [2 48], the config asks for [3 48]"},
		{base, "gates = whole\nramp = 1K", "gates = none", "g_proj.bias, which the config's adapter has not"},
		{base, "gates = whole", "gates = 2", "g_proj.lora_A.weight"},
	} {
		cfg, err := ParseConfig(strings.NewReader(strings.Replace(smallAdapter, tc.from, tc.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewAdapterRun(*cfg, tc.base, []string{tale()}, ops.Reference(), RunOptions{Dir: dir, Resume: true})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q in it", tc.to, err, tc.want)
		}
	}
}

// TestAdapterLearns: the loss of the same batch falls, and with gates ramped in the
// memory takes part from the first step on.
func TestAdapterLearns(t *testing.T) {
	long(t)
	base := demoBase(t)
	r := adapterRun(t, smallAdapter, t.TempDir(), base, func(Point) {})
	l := r.learner.(*adapting)
	b, _, err := draw(r.lessons, rand.New(rand.NewPCG(5, 5)), &r.cfg.Stages[0])
	if err != nil {
		t.Fatal(err)
	}
	var losses []float64
	for step := range 12 {
		loss, norm, _ := l.learn(b, Mask{}, turn{lr: 0.003, step: step + 1, tokens: 1000})
		if norm == 0 {
			t.Fatal("no gradient")
		}
		losses = append(losses, loss)
	}
	if losses[11] > losses[0]-0.05 {
		t.Errorf("losses %.4f", losses)
	}
	for _, tc := range []struct {
		tokens int
		want   float32
	}{{0, firstRamp}, {500, (1 + firstRamp) / 2}, {1000, 1}, {5000, 1}} {
		if got := l.open(tc.tokens); got != tc.want {
			t.Errorf("gates after %d tokens are scaled by %g, want %g", tc.tokens, got, tc.want)
		}
	}
}

func TestAdapterConfigErrors(t *testing.T) {
	for _, tc := range []struct{ from, to, want string }{
		{"base = tiny", "", "base: missing"},
		{"prose = tale.txt", "", "prose: missing"},
		{"rank = 2", "", "rank: 0"},
		{"rank = 2", "rank = 5000", "rank: 5000"},
		{"gates = whole", "", "gates: missing"},
		{"gates = whole", "gates = wide", "gates: \"wide\", want none, whole, or a rank"},
		{"gates = whole", "gates = none", "ramp: 1000"},
		{"rank = 2", "rank = 2\nstart = a.safetensors", "ramp: 1000 tokens, and the gates of start are open"},
		{"rank = 2", "rank = 2\nstart =", "start: empty"},
		{"rank = 2", "rank = 2\nlayers = 2", "base: a model has its own"},
		{"prose 0.4", "packed 0.4", "repeats and packed are for demo models"},
		{"tasks = S-1 S-2 MV", "", "name some"},
	} {
		_, err := ParseConfig(strings.NewReader(strings.Replace(smallAdapter, tc.from, tc.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", tc.to, err, tc.want)
		}
	}
	base := demoBase(t)
	base.Tokenizer = wider{base.Tokenizer}
	cfg, err := ParseConfig(strings.NewReader(smallAdapter))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewAdapterRun(*cfg, base, []string{tale()}, ops.Reference(), RunOptions{}); err == nil || !strings.Contains(err.Error(), "base: its tokenizer") {
		t.Errorf("a tokenizer of more tokens than the model: %v", err)
	}
	if _, err := ParseConfig(strings.NewReader(strings.Replace(smallConfig, "repeats 0.5", "prose 0.5", 1))); err == nil || !strings.Contains(err.Error(), "prose is for adapters") {
		t.Errorf("prose for a demo model: %v", err)
	}
}

// TestShippedAdapterConfigs: the three differ in gates and masks alone, so that they
// take the same steps on the same data; and those that go on longer, which draw other data.
func TestShippedAdapterConfigs(t *testing.T) {
	first, longer := shippedAdapterConfigs(t, ""), shippedAdapterConfigs(t, "-longer")
	if first.Seed == longer.Seed || first.Adapter.Start != "" || longer.Adapter.Start == "" {
		t.Errorf("seeds %d and %d, starts %q and %q", first.Seed, longer.Seed, first.Adapter.Start, longer.Adapter.Start)
	}
}

// shippedAdapterConfigs compares three configs, and returns that of the memory.
func shippedAdapterConfigs(t *testing.T, suffix string) *Config {
	t.Helper()
	var configs []*Config
	for _, name := range []string{"memory", "control", "dilated"} {
		f, err := os.Open("../../assets/training/" + name + suffix + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := ParseConfig(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if gated := name == "memory"; c.Adapter.Gated != gated || (c.Adapter.Ramp > 0) != (gated && suffix == "") || (c.Adapter.Start != "") != (suffix != "") {
			t.Errorf("%s: %+v", name, c.Adapter)
		}
		for i := range c.Stages {
			st := &c.Stages[i]
			if dense := name == "control"; dense != (st.DilationEvery == 0) {
				t.Errorf("%s: a dilated step every %d", name, st.DilationEvery)
			}
			st.Dilation, st.Window, st.Initial, st.DilationEvery = 0, 0, 0, 0
		}
		configs = append(configs, c)
	}
	for _, c := range configs[1:] {
		same, err := json.Marshal(configs[0].Stages)
		if err != nil {
			t.Fatal(err)
		}
		if stages, _ := json.Marshal(c.Stages); string(stages) != string(same) || c.Seed != configs[0].Seed {
			t.Errorf("stages differ: %s and %s", stages, same)
		}
		if !slices.Equal(c.Adapter.Prose, configs[0].Adapter.Prose) || c.Adapter.Base != configs[0].Adapter.Base || c.Adapter.Rank != configs[0].Adapter.Rank {
			t.Errorf("%+v and %+v", c.Adapter, configs[0].Adapter)
		}
	}
	return configs[0]
}

// wider is a tokenizer with a token that no model has.
type wider struct{ tokenizer.Tokenizer }

func (w wider) Size() int { return w.Tokenizer.Size() + 1 }
