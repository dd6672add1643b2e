package opstest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"kvscope/engine/ops"
)

// causalWork is the largest product of queries, positions and channels of one execution of
// Fuzz: what the formula takes of it is a millisecond.
const causalWork = 1 << 17

// Fuzz holds the tables to the bits of the reference on arbitrary values, NaN,
// Inf and subnormals among them: one kernel an execution, of every table. MatMul, which
// may round otherwise, is not part of it; AttendCausal, which may too, is held to its
// formula on values that do not overflow.
func Fuzz(f *testing.F, tables ...*ops.Kernels) {
	for which := range len(bitwise(0, 1, 0)) + 1 {
		kernel := uint8(which)
		f.Add(kernel, uint8(1), uint8(1), []byte{0, 0, 128, 63})
		f.Add(kernel, uint8(3), uint8(17), []byte{0, 0, 128, 127, 0, 0, 128, 255, 1, 0, 0, 0, 0, 0, 192, 127})
		f.Add(kernel, uint8(81), uint8(64), []byte("00x\xae")) // products so small that each is flushed
		f.Add(kernel, uint8(5), uint8(64), []byte{205, 204, 76, 190, 0, 0, 174, 66, 0, 0, 174, 194})
	}
	f.Fuzz(func(t *testing.T, kernel, rows, cols uint8, data []byte) {
		r, n := int(rows%6), int(cols%70)+1
		next := stream(data)
		take := func(count int) []float32 {
			x := make([]float32, count)
			for i := range x {
				x[i] = next()
			}
			return x
		}
		a, b, c, d, w, u := take(r*n), take(r*n), take(r*n), take(r*n), take(n), take(n)
		calls := bitwise(r, n, next())
		which := int(kernel) % (len(calls) + 1)
		for _, table := range tables {
			s := &suite{T: t, table: table, reference: ops.Reference(), rand: rand.New(rand.NewPCG(uint64(r), uint64(n)))}
			if which < len(calls) {
				s.same(calls[which], a, b, c, d, w, u)
				continue
			}
			positions := r * 41
			queries := int(cols) % (positions + 1)
			testCausal(s, func(count int) []float32 { return tame(take(count)) }, queries, positions,
				min(n, max(1, causalWork/max(1, queries*positions))), 3, causalMasks[rows/6%4])
		}
	})
}

// stream reads float32 values from data, over and over, changed a little in each
// round so that a short input does not repeat itself.
func stream(data []byte) func() float32 {
	at, round := 0, uint32(0)
	return func() float32 {
		if len(data) < 4 {
			return 0
		}
		if at+4 > len(data) {
			at = 0
			round++
		}
		bits := binary.LittleEndian.Uint32(data[at:])
		at += 4
		return math.Float32frombits(bits ^ round<<13)
	}
}

// tame brings the sizes of values to between 2^-8 and 2^2.
func tame(x []float32) []float32 {
	for i, v := range x {
		bits := math.Float32bits(v)
		x[i] = math.Float32frombits(bits&^(0xff<<23) | (127-8+bits>>23%10)<<23)
	}
	return x
}

// highBits makes small numbers of values: what is left of their bits.
func highBits[T uint16 | int8](x []float32, shift int) []T {
	out := make([]T, len(x))
	for i, v := range x {
		out[i] = T(math.Float32bits(v) >> shift)
	}
	return out
}

// bitwise is a call of every kernel whose bits are the same on all tables. The
// calls take vectors of four times rows·cols values and two times cols.
func bitwise(rows, n int, scale float32) []func(k *ops.Kernels, v [][]float32) {
	dense := func(x []float32) ops.Matrix { return ops.Dense(x, rows, n) }
	return []func(k *ops.Kernels, v [][]float32){
		func(k *ops.Kernels, v [][]float32) { k.MatVec(v[0][:rows], v[1], v[4]) },
		func(k *ops.Kernels, v [][]float32) { k.DotRows(v[0][:rows], v[4], v[1]) },
		func(k *ops.Kernels, v [][]float32) {
			k.MatVecBF16(v[0][:rows], highBits[uint16](v[1], 16), v[4], 1)
			k.MatVecInt8(v[2][:rows], highBits[int8](v[1], 24), v[3][:rows], v[4], 1)
		},
		func(k *ops.Kernels, v [][]float32) {
			if rows > 0 {
				k.MatVecBF16(v[0][:rows], highBits[uint16](v[5], 16), v[1], rows)
				k.MatVecInt8(v[2][:rows], highBits[int8](v[5], 24), v[4][:1], v[1], rows)
			}
		},
		func(k *ops.Kernels, v [][]float32) { k.BoundScores(v[0][:rows], v[4], v[1], v[2]) },
		func(k *ops.Kernels, v [][]float32) { k.MinMax(v[4], v[5], v[0]) },
		func(k *ops.Kernels, v [][]float32) { k.Add(v[0], v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.RMSNorm(v[0], v[1], v[4], 1e-6) },
		func(k *ops.Kernels, v [][]float32) { k.RMSNormBackward(v[0], v[5], v[1], v[2], v[4], 1e-6) },
		func(k *ops.Kernels, v [][]float32) { k.Softmax(v[0], n, scale) },
		func(k *ops.Kernels, v [][]float32) { k.SoftmaxBackward(v[0], v[1], n, scale) },
		func(k *ops.Kernels, v [][]float32) { k.Sigmoid(v[0], v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.SiLU(v[0], v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.GELU(v[0], v[1]) },
		func(k *ops.Kernels, v [][]float32) { k.GELUBackward(v[0], v[1], v[2]) },
		func(k *ops.Kernels, v [][]float32) { k.RoPE(v[0][:rows/2*2*n], v[4], v[5]) },
		func(k *ops.Kernels, v [][]float32) { k.MemoryScan(dense(v[0]), v[4], dense(v[1]), dense(v[2])) },
		func(k *ops.Kernels, v [][]float32) {
			k.MemoryScanBackward(dense(v[0]), dense(v[3]), dense(v[0]), dense(v[1]), dense(v[2]), dense(v[1]))
		},
		func(k *ops.Kernels, v [][]float32) {
			for kth := 1; kth <= n; kth += 7 {
				value, above := k.KthLargest(v[4], kth)
				v[5][kth-1] = value + float32(above)
			}
		},
		func(k *ops.Kernels, v [][]float32) {
			if rows > 0 {
				k.Attend(v[5], v[2][:rows], v[4], v[0], v[1], []ops.Span{{Start: 0, End: rows}}, scale, 1)
			}
		},
		func(k *ops.Kernels, v [][]float32) {
			k.AdamW(v[0], v[1], v[2], v[3], ops.AdamWStep{LR: scale, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.1,
				GradScale: 1, Correction1: 0.1, Correction2: 0.05})
		},
	}
}
