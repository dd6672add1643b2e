package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// startingFrom is smallAdapter going on from the adapter at path.
func startingFrom(path string) string {
	return strings.Replace(smallAdapter, "ramp = 1K", "start = "+path, 1)
}

// TestAdapterStart: a run that goes on from an adapter begins with its weights and open
// gates, draws other lessons with another seed, resumes to the same bits, and says how
// much the adapter was trained in all.
func TestAdapterStart(t *testing.T) {
	long(t)
	base, first := demoBase(t), t.TempDir()
	if err := adapterRun(t, smallAdapter, first, base, func(Point) {}).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(first, "model.safetensors")
	config := strings.Replace(startingFrom(path), "seed = 7", "seed = 8", 1)
	whole, broken := t.TempDir(), t.TempDir()
	r := adapterRun(t, config, whole, base, func(Point) {})
	before, err := model.OpenAdapter(path)
	if err != nil {
		t.Fatal(err)
	}
	l := r.learner.(*adapting)
	sameParams(t, "the start", l.parallel.adapter, before)
	if l.open(0) != 1 {
		t.Errorf("gates are scaled by %g at first, want 1", l.open(0))
	}
	if err := r.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := adapterRun(t, config, broken, base, func(Point) { cancel() }).Train(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := adapterRun(t, config, broken, base, func(Point) {}).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	same := t.TempDir()
	if err := adapterRun(t, startingFrom(path), same, base, func(Point) {}).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := trained(t, whole)
	sameParams(t, "resumed", trained(t, broken), after)
	if equalParams(before, after) || equalParams(trained(t, same), after) {
		t.Error("nothing was learned, or the same with another seed")
	}
	f, err := checkpoint.Open(filepath.Join(whole, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Metadata["tokens"] != "2304" || f.Metadata[earlierTokens] != "2304" || !strings.HasPrefix(f.Metadata["note"], "trained on 4608 tokens") {
		t.Errorf("it says %s tokens after %s, %q", f.Metadata["tokens"], f.Metadata[earlierTokens], f.Metadata["note"])
	}
}

func trained(t *testing.T, dir string) *model.Adapter {
	t.Helper()
	a, err := model.OpenAdapter(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sameParams(t *testing.T, what string, got, want *model.Adapter) {
	t.Helper()
	if !equalParams(got, want) {
		t.Errorf("%s: other weights", what)
	}
}

func equalParams(a, b *model.Adapter) bool {
	return slices.EqualFunc(a.Params(), b.Params(), func(p, q model.Param) bool { return p.Name == q.Name && slices.Equal(p.Data, q.Data) })
}

// TestAdapterStartErrors: an adapter over another base, of another form or of no form
// at all is not gone on from, and what is wrong is named.
func TestAdapterStartErrors(t *testing.T) {
	long(t)
	base, dir := demoBase(t), t.TempDir()
	if err := adapterRun(t, smallAdapter, dir, base, func(Point) {}).Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	other := base
	other.Hash = "other"
	wrong := filepath.Join(dir, "wrong.safetensors")
	if err := os.WriteFile(wrong, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	uncounted := filepath.Join(dir, "uncounted.safetensors")
	if err := trained(t, dir).Save(uncounted, map[string]string{"base_hash": base.Hash, "tokens": "many"}); err != nil {
		t.Fatal(err)
	}
	short := trained(t, dir)
	short.Layers = short.Layers[:1]
	shortened := filepath.Join(dir, "short.safetensors")
	if err := short.Save(shortened, map[string]string{"base_hash": base.Hash}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		base           Base
		path           string
		from, to, want string
	}{
		{other, path, "", "", `another base, of hash "h", this one has "other"`},
		{base, path, "rank = 2", "rank = 3", "rank: 3, and the adapter of start has 2: want 2"},
		{base, path, "gates = whole", "gates = none", "gates: none, and the adapter of start has whole: want whole"},
		{base, path, "gates = whole", "gates = 2", "gates: 2, and the adapter of start has whole: want whole"},
		{base, wrong, "", "", "start: load " + wrong},
		{base, filepath.Join(dir, "none"), "", "", "start: load"},
		{base, filepath.Join(dir, "state.safetensors"), "", "", "start: "},
		{base, uncounted, "", "", `metadata tokens: "many", want a whole number`},
		{base, shortened, "", "", "layers.1.self_attn.q_proj.lora_A.weight"},
	} {
		cfg, err := ParseConfig(strings.NewReader(strings.Replace(startingFrom(tc.path), tc.from, tc.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewAdapterRun(*cfg, tc.base, []string{tale()}, ops.Reference(), RunOptions{Dir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: %v, want %q in it", tc.path, tc.to, err, tc.want)
		}
	}
}
