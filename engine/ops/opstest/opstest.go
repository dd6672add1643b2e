package opstest

import (
	"math"
	"math/rand/v2"
	"testing"

	"kvscope/engine/ops"
)

// Run tests every kernel of table.
func Run(t *testing.T, table *ops.Kernels) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"MatMul", testMatMul},
		{"MatMulPlace", testMatMulPlace},
		{"MatMulNaN", testMatMulNaN},
		{"MatMulConcurrent", testMatMulConcurrent},
		{"MatVec", testMatVec},
		{"MatVecBF16", testMatVecBF16},
		{"MatVecInt8", testMatVecInt8},
		{"Blocks", testBlocks},
		{"DotRows", testDotRows},
		{"BoundScores", testBoundScores},
		{"MinMax", testMinMax},
		{"Add", testAdd},
		{"RMSNorm", testRMSNorm},
		{"RMSNormBackward", testRMSNormBackward},
		{"Softmax", testSoftmax},
		{"SoftmaxSpecial", testSoftmaxSpecial},
		{"SoftmaxBackward", testSoftmaxBackward},
		{"Sigmoid", testSigmoid},
		{"SiLU", testSiLU},
		{"GELU", testGELU},
		{"GELUBackward", testGELUBackward},
		{"RoPE", testRoPE},
		{"MemoryScan", testMemoryScan},
		{"MemoryScanBackward", testMemoryScanBackward},
		{"KthLargest", testKthLargest},
		{"Attend", testAttend},
		{"AttendCausal", testAttendCausal},
		{"AttendCausalPlace", testAttendCausalPlace},
		{"AttendCausalSpecial", testAttendCausalSpecial},
		{"AdamW", testAdamW},
		{"Panic", testPanics},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(&suite{T: t, table: table, reference: ops.Reference(), rand: rand.New(rand.NewPCG(1, 2))})
		})
	}
}

// suite is one test of one table.
type suite struct {
	*testing.T
	table, reference *ops.Kernels
	rand             *rand.Rand
}

// lengths are every tail of every unrolling, and a few that fill many registers.
func lengths() []int {
	var ns []int
	for n := range 68 {
		ns = append(ns, n)
	}
	return append(ns, 127, 128, 130, 257, 1000)
}

// normal returns n standard normal values.
func (s *suite) normal(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(s.rand.NormFloat64())
	}
	return x
}

// uniform returns n values in [lo, hi).
func (s *suite) uniform(n int, lo, hi float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(lo + (hi-lo)*s.rand.Float64())
	}
	return x
}

// same runs call on the table and on the reference, each on its own copies of
// vectors, and fails unless both leave the same bits in all of them. The table's
// copies are misaligned and guarded. It returns them.
func (s *suite) same(call func(k *ops.Kernels, v [][]float32), vectors ...[]float32) [][]float32 {
	s.Helper()
	got, intact := s.guarded(vectors)
	call(s.table, got)
	if !intact() {
		s.Fatalf("lengths %v: wrote outside of its operands", lengthsOf(vectors))
	}
	want := make([][]float32, len(vectors))
	for i, v := range vectors {
		want[i] = append([]float32(nil), v...)
	}
	call(s.reference, want)
	for i := range want {
		for j := range want[i] {
			if !equalBits(got[i][j], want[i][j]) {
				s.Fatalf("lengths %v: operand %d at %d is %v (%08x), reference %v (%08x)", lengthsOf(vectors), i, j,
					got[i][j], math.Float32bits(got[i][j]), want[i][j], math.Float32bits(want[i][j]))
			}
		}
	}
	return got
}

func lengthsOf(vectors [][]float32) []int {
	var ns []int
	for _, v := range vectors {
		ns = append(ns, len(v))
	}
	return ns
}

// equalBits compares bits, but takes every NaN for the same.
func equalBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
