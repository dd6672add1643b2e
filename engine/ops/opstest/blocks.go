package opstest

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// testBlocks holds the kernels of every format that a table has to the bits of package
// quant and of the reference, and its products to those of the widened matrix.
func testBlocks(s *suite) {
	if got, want := slices.Sorted(maps.Keys(s.table.Blocks)), slices.Sorted(maps.Keys(s.reference.Blocks)); !slices.Equal(got, want) {
		s.Fatalf("kernels for %v, want %v", got, want)
	}
	for _, name := range slices.Sorted(maps.Keys(s.table.Blocks)) {
		f, k := quant.ByName(name), s.table.Blocks[name]
		for _, cols := range []int{f.Len, 2 * f.Len, 3 * f.Len, 18 * f.Len} {
			for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11} {
				s.blocks(f, k, rows, cols)
			}
		}
		one := rounded(make([]float32, f.Len))
		k.MatVec(nil, nil, nil)
		for _, wrong := range []func(){
			func() { k.MatVec(make([]float32, 2), make([]byte, f.Bytes), one) },
			func() { k.MatVec(make([]float32, 1), make([]byte, f.Bytes+1), one) },
			func() { rounded(make([]float32, f.Len-1)) },
			func() { k.Dequantize(make([]float32, f.Len), make([]byte, f.Bytes-1)) },
		} {
			s.panics(name, wrong)
		}
	}
}

// blocks compares both kernels on one matrix.
func (s *suite) blocks(f *quant.Format, k ops.BlockKernels, rows, cols int) {
	w, wide := s.blocksOf(f, rows*cols), make([]float32, rows*cols)
	f.Dequantize(wide, w)
	got := s.normal(rows * cols)
	k.Dequantize(got, w)
	for i := range wide {
		if !equalBits(got[i], wide[i]) {
			s.Fatalf("%s, %d x %d: value %d is %v, want %v", f.Name, rows, cols, i, got[i], wide[i])
		}
	}
	for _, x := range [][]float32{s.normal(cols), s.uneven(cols)} {
		whole, sums, want := rounded(x), s.normal(rows), make([]float32, rows)
		k.MatVec(sums, w, whole)
		s.reference.Blocks[f.Name].MatVec(want, w, whole)
		for r := range want {
			if !equalBits(sums[r], want[r]) {
				s.Fatalf("%s, %d x %d: row %d is %v, want %v", f.Name, rows, cols, r, sums[r], want[r])
			}
			if exact, limit := blockDot(f, w[r*f.Size(cols):][:f.Size(cols)], wide[r*cols:][:cols], x); !(math.Abs(float64(sums[r])-exact) <= limit) {
				s.Fatalf("%s, %d x %d: row %d is %v, of the widened matrix %v, may differ by %v", f.Name, rows, cols, r, sums[r], exact, limit)
			}
		}
	}
}

// rounded stands for x.
func rounded(x []float32) ops.Rounded { return ops.Rounded(nil).Round(x) }

// uneven are values of which one in a part is much larger than the others, those of the
// first part being so small that they count as zero.
func (s *suite) uneven(n int) []float32 {
	x := s.normal(n)
	for p := 0; p < n; p += quant.PartLen {
		x[p+s.rand.IntN(quant.PartLen)] *= 1000
	}
	for i := range x[:quant.PartLen] {
		x[i] *= 0x1p-110
	}
	return x
}

// blockDot is the product of a row, widened, and x in float64, and how far off a kernel may
// be: by what a rounded activation is off for each weight, and by float32's rounding of
// products and sums of scales, whole numbers and minima.
func blockDot(f *quant.Format, w []byte, wide, x []float32) (sum, limit float64) {
	var part quant.Part
	for at := 0; at < len(x); at += quant.PartLen {
		f.Part(&part, w[at/f.Len*f.Bytes:][:f.Bytes], at%f.Len/quant.PartLen)
		top, all := 0.0, 0.0
		for i, v := range x[at:][:quant.PartLen] {
			top = max(top, math.Abs(float64(v)))
			sum += float64(wide[at+i]) * float64(v)
			all += math.Abs(float64(part.Scale)*float64(part.Whole[i])) + math.Abs(float64(part.Least))
		}
		step := 1.001 / 65534
		if f.Fine() {
			step = 0x1p-23
		}
		limit += all * max(0x1p-100, top*(step+float64(len(x)/quant.PartLen+8)*0x1p-24))
	}
	return sum, limit
}

// blocksOf are random blocks of n values, whose first and last bytes, where scales may be,
// are finite numbers of binary16, subnormal ones among them, in front of bytes that would show.
func (s *suite) blocksOf(f *quant.Format, n int) []byte {
	w := fenced(f.Size(n), byte(0x7f))
	for i := range w {
		w[i] = byte(s.rand.IntN(256))
	}
	for at := 0; at < len(w); at += f.Bytes {
		for _, half := range []int{0, 2, f.Bytes - 2} {
			binary.LittleEndian.PutUint16(w[at+half:], uint16(s.rand.IntN(2)<<15|s.rand.IntN(31)<<10|s.rand.IntN(1<<10)))
		}
	}
	return w
}

// panics fails unless call does.
func (s *suite) panics(name string, call func()) {
	defer func() {
		if recover() == nil {
			s.Errorf("%s: lengths that do not fit pass", name)
		}
	}()
	call()
}
