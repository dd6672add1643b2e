package index

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input/inputtest"
	"kvscope/engine/sparse"
)

// random is an index of random numbers.
func random() *sparse.Index {
	x := sparse.NewIndex(2, 3, 4, 5, 16)
	r := rand.New(rand.NewPCG(1, 1))
	for _, part := range [][]float32{x.Query, x.Key, x.Weight} {
		for i := range part {
			part[i] = float32(r.NormFloat64())
		}
	}
	return x
}

func file(t testing.TB, x *sparse.Index, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, metadata, Tensors(x, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte) (*sparse.Index, error) {
	f, err := checkpoint.Parse(data)
	if err != nil {
		return nil, err
	}
	return Read(f)
}

// TestFileIsTheIndex: what is written is read again.
func TestFileIsTheIndex(t *testing.T) {
	want := random()
	got, err := read(file(t, want, Metadata(want)))
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Fits(2, 3, 4); err != nil || got.Dim != 5 || got.Block != 16 ||
		!slices.Equal(got.Query, want.Query) || !slices.Equal(got.Key, want.Key) || !slices.Equal(got.Weight, want.Weight) {
		t.Errorf("%v, read %+v", err, got)
	}
}

// TestReadRefuses: what is no index, or of an impossible one, is named.
func TestReadRefuses(t *testing.T) {
	x := random()
	good := Metadata(x)
	for want, data := range map[string][]byte{
		"index_block: \"\"":     file(t, x, nil),
		"index_block: \"0\"":    file(t, x, map[string]string{"index_block": "0"}),
		"index_block: \"many\"": file(t, x, map[string]string{"index_block": "many"}),
		"index.key: missing":    only(t, good, checkpoint.NewF32("q", []int{1}, []float32{1})),
		"index.key: its shape is [2 6]": only(t, good,
			checkpoint.NewF32("index.key", []int{2, 6}, make([]float32, 12))),
		"index.weight": only(t, good, slices.Concat(Tensors(x, "", checkpoint.NewF32)[:2], []checkpoint.Tensor{checkpoint.NewF32("index.weight", []int{2, 3, 2}, make([]float32, 12))})...),
	} {
		if _, err := read(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func only(t *testing.T, metadata map[string]string, ts ...checkpoint.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Write(&b, maps.Clone(metadata), ts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBroken breaks the file of an index.
func TestBroken(t *testing.T) {
	x := random()
	inputtest.Broken(t, "index", file(t, x, Metadata(x)), 1<<20, 400, func(data []byte) error {
		_, err := read(data)
		return err
	})
}

func FuzzRead(f *testing.F) {
	x := random()
	f.Add(file(f, x, Metadata(x)))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = read(data) // an error, or an index
	})
}
