package apply

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input/inputtest"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// goldenFile holds queries and keys that Quest, among others, can run on.
const goldenFile = "../testdata/quest_S128_B16_T64.safetensors"

// TestBrokenTensors breaks a file of queries and keys, and runs a method on what is left.
func TestBrokenTensors(t *testing.T) {
	good, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "tensors", good, 16<<20, 400, runOn)
}

// runOn runs Quest on the tensors of a file.
func runOn(data []byte) error {
	f, err := checkpoint.Parse(data)
	if err != nil {
		return err
	}
	_, err = Run(sparse.Config{Method: "quest"}.With("budget", "1/4"), Options{}, f, ops.Reference())
	return err
}

// FuzzRun runs Quest on files of any bytes: it refuses them or selects. It begins with a
// small file, of which each change counts.
func FuzzRun(f *testing.F) {
	var good bytes.Buffer
	x := ramp(2 * 20 * 4)
	err := checkpoint.Write(&good, map[string]string{"block": "4", "scale": "0.5"}, []checkpoint.Tensor{
		checkpoint.NewF32("q", []int{2, 3, 4}, x[:24]), checkpoint.NewF32("k", []int{1, 20, 4}, x[:80]), checkpoint.NewF16("v", []int{1, 20, 2}, x[:40]),
		checkpoint.NewI64("attention_mask", []int{20}, append([]int64{0, 0}, slices.Repeat([]int64{1}, 18)...)),
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := runOn(good.Bytes()); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Fuzz(func(_ *testing.T, data []byte) {
		if len(data) < 1<<18 { // larger ones take long and tell no more
			_ = runOn(data)
		}
	})
}
