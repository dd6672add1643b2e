package history

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/model"
)

// drifting is a run whose weights move a little from snapshot to snapshot.
func drifting(cfg model.Config, n int) []Snapshot {
	rng := rand.New(rand.NewPCG(1, 2))
	var list []Snapshot
	before := model.NewWeights(cfg).Params(cfg)
	for s := range n {
		w := model.NewWeights(cfg)
		for i, p := range w.Params(cfg) {
			for j := range p.Data {
				p.Data[j] = 0.9*before[i].Data[j] + 0.1*float32(rng.NormFloat64())
			}
		}
		before = w.Params(cfg)
		list = append(list, Snapshot{
			Point: Point{Step: 50 * (s + 1), Tokens: 1000 * s, Loss: 1 / float64(s+1), Exact: map[string]float64{"MK-1": 0.5}}, Weights: w,
		})
	}
	return list
}

var small = model.Config{
	Arch: model.Attention, Memory: true, Vocab: 40, Dim: 16, Heads: 2, KVHeads: 2, HeadDim: 8, Layers: 2, Hidden: 32, Context: 64,
	Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: true,
}

// TestRoundTrip: what is read differs from what was written by 0.6 of a quantisation
// step at most, in the last snapshot as in the first.
func TestRoundTrip(t *testing.T) {
	const coarseness = 0.3
	want := drifting(small, 8)
	var file bytes.Buffer
	if err := Write(&file, small, map[string]string{"tokenizer": "x"}, want, coarseness); err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got.Config != small || got.Metadata["tokenizer"] != "x" || len(got.Snapshots) != len(want) {
		t.Fatalf("read %+v with %d snapshots", got.Config, len(got.Snapshots))
	}
	for s, snap := range got.Snapshots {
		if snap.Step != want[s].Step || snap.Loss != want[s].Loss || snap.Exact["MK-1"] != 0.5 {
			t.Errorf("snapshot %d: %+v", s, snap)
		}
		params := snap.Weights.Params(small)
		for i, p := range want[s].Weights.Params(small) {
			var square, worst float64
			for j, v := range p.Data {
				square += float64(v) * float64(v)
				worst = max(worst, math.Abs(float64(v-params[i].Data[j])))
			}
			bound := coarseness*reluctance*math.Sqrt(square/float64(len(p.Data))) + 1e-6
			if !p.IsMatrix() {
				bound = 5e-4 // half precision
			}
			if worst > bound {
				t.Errorf("snapshot %d, %s: off by %g, want at most %g", s, p.Name, worst, bound)
			}
		}
	}
}

// TestUnpacked: a file that somebody has unpacked on the way reads as it did.
func TestUnpacked(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, small, nil, drifting(small, 3), 0.3); err != nil {
		t.Fatal(err)
	}
	want, err := ReadStep(bytes.NewReader(file.Bytes()), 100)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadStep(bytes.NewReader(plain), 100)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("step 100 of the unpacked file is another: %v", err)
	}
	if points, err := ReadPoints(bytes.NewReader(plain)); err != nil || len(points) != 3 {
		t.Errorf("%d points: %v", len(points), err)
	}
}

// TestParts: points and steps read alone equal those of a whole reading.
func TestParts(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, small, nil, drifting(small, 5), 0.3); err != nil {
		t.Fatal(err)
	}
	whole, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	points, err := ReadPoints(bytes.NewReader(file.Bytes()))
	if err != nil || len(points) != 5 {
		t.Fatalf("%d points: %v", len(points), err)
	}
	for s, want := range whole.Snapshots {
		if !reflect.DeepEqual(points[s], want.Point) {
			t.Errorf("point %d is %+v, want %+v", s, points[s], want.Point)
		}
		got, err := ReadStep(bytes.NewReader(file.Bytes()), want.Step)
		if err != nil || len(got.Snapshots) != 1 || !reflect.DeepEqual(got.Snapshots[0], want) || got.Config != small {
			t.Errorf("step %d alone is another: %v", want.Step, err)
		}
	}
	if _, err := ReadStep(bytes.NewReader(file.Bytes()), 7); err == nil || !strings.Contains(err.Error(), "step 7") {
		t.Errorf("a step that was not kept: %v", err)
	}
	if _, err := ReadPoints(bytes.NewReader(file.Bytes()[:40])); err == nil {
		t.Error("points of a file cut short")
	}
}

func TestReadRefuses(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, small, nil, drifting(small, 2), 0.3); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"not packed", "gzip", []byte("no archive")},
		{"cut short", "unexpected EOF", file.Bytes()[:file.Len()/2]},
		{"empty", "EOF", nil},
	} {
		if _, err := Read(bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	if err := Write(&file, small, nil, drifting(small, 2), 0.3); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte{0x1f, 0x8b})
	if z, err := gzip.NewReader(bytes.NewReader(file.Bytes())); err == nil {
		plain, _ := io.ReadAll(z)
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := Read(bytes.NewReader(data))
		points, problem := ReadPoints(bytes.NewReader(data))
		if err == nil && (len(run.Snapshots) == 0 || problem != nil || len(points) != len(run.Snapshots)) {
			t.Errorf("a history of %d snapshots and %d points: %v", len(run.Snapshots), len(points), problem)
		}
	})
}
