package sparse

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// press holds the positions that kvpress kept, by layer and head of keys; see testdata/kvpress/make.py.
type press struct {
	Method string
	Values map[string]string
	Kept   [][][]int
}

// TestKVPress holds methods to what kvpress keeps of the same tensors.
func TestKVPress(t *testing.T) {
	files, err := filepath.Glob("testdata/kvpress/*.safetensors")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	seen := map[string]int{}
	for _, name := range files {
		f, err := checkpoint.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var presses []press
		if err := json.Unmarshal([]byte(f.Metadata["presses"]), &presses); err != nil {
			t.Fatal(err)
		}
		layers, err := strconv.Atoi(f.Metadata["layers"])
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range presses {
			seen[p.Method]++
			layer, budget := pressed(t, f), Values(p.Values).With("budget", f.Metadata["budget"])
			plan, err := New(Config{Method: p.Method, Values: budget}, layer.Caches[0].Len)
			if err != nil {
				t.Fatalf("%s: %s %v: %v", name, p.Method, p.Values, err)
			}
			for h, q := range layer.Windows {
				n := min(plan.Evictor.Window()*layer.Caches[h].Dim, len(q))
				layer.Windows[h] = q[len(q)-n:]
			}
			for layer.Index = range layers {
				layer.Count = layers
				kept := make([]Selection, len(layer.Caches))
				KeepLayer(plan.Evictor, kept, layer)
				for h := range kept {
					want := p.Kept[layer.Index][h*len(p.Kept[layer.Index])/len(kept)]
					if got := positions(&kept[h]); !slices.Equal(got, want) {
						t.Fatalf("%s: %s %v, layer %d, head %d: %v, want %v", name, p.Method, p.Values, layer.Index, h, got, want)
					}
				}
			}
		}
	}
	for method, n := range map[string]int{"knorm": 4, "keydiff": 4, "tova": 4, "snapkv": 4, "pyramidkv": 8, "adakv": 16, "h2o": 4, "expected-attention": 8} {
		if seen[method] != n {
			t.Errorf("%d fixtures of %s, want %d", seen[method], method, n)
		}
	}
}

// pressed is the layer in a fixture, with all queries as windows.
func pressed(t *testing.T, f *checkpoint.File) Layer {
	t.Helper()
	keys, err := f.Tensor("k")
	if err != nil {
		t.Fatal(err)
	}
	groups, n, dim := keys.Shape[0], keys.Shape[1], keys.Shape[2]
	k, err := keys.Float32()
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Float32("v")
	if err != nil {
		t.Fatal(err)
	}
	q, err := f.Float32("q")
	if err != nil {
		t.Fatal(err)
	}
	var l Layer
	heads := len(q) / n / dim
	for h := range heads {
		if h%(heads/groups) == 0 {
			l.Caches = append(l.Caches, NewKVCache(ops.Reference(), dim, 16, n, Summaries{}))
			for at := h * groups / heads * n * dim; l.Caches[h].Len < n; at += dim {
				l.Caches[h].Append(k[at:at+dim], v[at:at+dim])
			}
			l.Caches[h].Rotations = turns(dim, 1)
		} else {
			l.Caches = append(l.Caches, l.Caches[h-1])
		}
		l.Windows = append(l.Windows, q[h*n*dim:(h+1)*n*dim])
	}
	return l
}
