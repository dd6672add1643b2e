package opstest

import (
	"encoding/binary"
	"maps"
	"slices"

	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// testBlocks holds the kernels of every format that a table has to the bits of package
// quant, and to those of MatVec on what it widens.
func testBlocks(s *suite) {
	for _, name := range slices.Sorted(maps.Keys(s.table.Blocks)) {
		f, k := quant.ByName(name), s.table.Blocks[name]
		if f == nil {
			s.Fatalf("kernels for %q, which is no format", name)
		}
		for _, cols := range []int{f.Len, 2 * f.Len, 3 * f.Len, 18 * f.Len} {
			for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11} {
				s.blocks(f, k, rows, cols)
			}
		}
		k.MatVec(nil, nil, nil)
		for _, wrong := range []func(){
			func() { k.MatVec(make([]float32, 2), make([]byte, f.Bytes), make([]float32, f.Len)) },
			func() { k.MatVec(make([]float32, 1), make([]byte, f.Bytes), make([]float32, f.Len-1)) },
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
	x, sums, want := s.normal(cols), s.normal(rows), make([]float32, rows)
	k.MatVec(sums, w, x)
	s.reference.MatVec(want, wide, x)
	for r := range want {
		if !equalBits(sums[r], want[r]) {
			s.Fatalf("%s, %d x %d: row %d is %v, of the widened matrix %v", f.Name, rows, cols, r, sums[r], want[r])
		}
	}
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
