package ops_test

import (
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/ops/opstest"
)

func TestReference(t *testing.T) { opstest.Run(t, ops.Reference()) }

// TestSameEverywhere fails where a compiler fuses or reorders what it must not.
// The number may change with the kernels, never with the machine.
func TestSameEverywhere(t *testing.T) {
	const want = 0x44d1b1ff69a4ca4d
	if got := opstest.Digest(ops.Reference()); got != want {
		t.Errorf("digest is %#x, want %#x", got, uint64(want))
	}
}

func BenchmarkReference(b *testing.B) { opstest.Bench(b, ops.Reference()) }
