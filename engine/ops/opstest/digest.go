package opstest

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"kvscope/engine/ops"
)

// Digest hashes the bits that the kernels of table, all but MatMul, make of fixed
// operands. It is the same number wherever and with whatever compiler settings
// the program runs.
func Digest(table *ops.Kernels) uint64 {
	const rows, cols = 5, 77
	random := rand.New(rand.NewPCG(7, 7))
	take := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(6*random.Float32()) - 3
		}
		return x
	}
	hash := fnv.New64a()
	for range 10 {
		v := [][]float32{take(rows * cols), take(rows * cols), take(rows * cols), take(rows * cols), take(cols), take(cols)}
		for _, call := range bitwise(rows, cols, 0.3) {
			w := make([][]float32, len(v))
			for i := range v {
				w[i] = append([]float32(nil), v[i]...)
			}
			call(table, w)
			for _, x := range w {
				for _, value := range x {
					bits := math.Float32bits(value)
					if value != value {
						bits = 0x7fc00000
					}
					hash.Write(binary.LittleEndian.AppendUint32(nil, bits))
				}
			}
		}
	}
	return hash.Sum64()
}
