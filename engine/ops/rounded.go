package ops

import (
	"fmt"
	"math"

	"kvscope/engine/ops/quant"
)

// Rounded is a vector of activations in whole numbers, quant.PartLen to a part, which
// products with quantised blocks take. Sums of products of whole numbers are exact in any
// order, so that every table finds the same.
type Rounded []RoundedPart

// RoundedPart stands for the values Scale · (Whole[i] + Rest[i]/32768). Each is off by at
// most 2^-23 of the largest |value| of the part, and without Rest by a 65,534th of it.
type RoundedPart struct {
	Scale, Sum  float32 // Sum is that of the values
	_           [24]byte
	Whole, Rest [quant.PartLen]int16 // registers of 32 bytes that lie in one line of a cache
}

const (
	most     = 32767    // the largest whole number
	rests    = 1 << 15  // in one
	smallest = 0x1p-100 // a part without a larger value is zero
	shift    = 3 << 22  // added to a number, leaves its nearest whole one in the lower bits
)

// Len is the number of values.
func (r Rounded) Len() int { return len(r) * quant.PartLen }

// Round returns what stands for x, whose length is a multiple of quant.PartLen, in the
// memory of r where it is enough. A part with a value that is no number or infinite is no
// number.
func (r Rounded) Round(x []float32) Rounded {
	parts := CheckWhole("Round", len(x), quant.PartLen)
	if cap(r) < parts {
		r = make(Rounded, parts)
	}
	r = r[:parts]
	for p := range r {
		r[p].round((*[quant.PartLen]float32)(x[p*quant.PartLen:]))
	}
	return r
}

func (p *RoundedPart) round(x *[quant.PartLen]float32) {
	var bits uint32
	for _, v := range x {
		bits = max(bits, math.Float32bits(v)&^(1<<31)) // in the order of the values
	}
	top := math.Float32frombits(bits)
	if !(top >= smallest && top <= math.MaxFloat32) {
		*p = RoundedPart{Scale: top - top, Sum: top - top} // zero, or no number
		return
	}
	by, sum, rest := most/top, int32(0), int32(0)
	for i, v := range x {
		v = float32(v * by)
		n, whole := nearest(v)
		r, _ := nearest(float32(float32(v-whole) * rests))
		p.Whole[i], p.Rest[i] = n, r
		sum, rest = sum+int32(n), rest+int32(r)
	}
	p.Scale = top / most
	p.Sum = p.Scale * (float32(sum) + float32(float32(rest)/rests))
}

// nearest is v as a whole number, a half to the even one.
func nearest(v float32) (int16, float32) {
	shifted := float32(v + shift)
	return int16(math.Float32bits(shifted)), shifted - shift //nolint:gosec // the lower bits are meant
}

// dotBlocks computes one value of BlockKernels.MatVec.
func dotBlocks(f *quant.Format, w []byte, x Rounded) float32 {
	var s [8]float32
	var less float32
	var part quant.Part
	for at := range x {
		block, p := at/f.Parts(), at%f.Parts()
		f.Part(&part, w[block*f.Bytes:][:f.Bytes], p)
		factor := part.Scale * x[at].Scale
		for l := range s {
			sum := float32(dotLane(&part.Whole, &x[at].Whole, l))
			if f.Fine() {
				sum += float32(float32(dotLane(&part.Whole, &x[at].Rest, l)) / rests)
			}
			s[l] += float32(sum * factor)
		}
		less += float32(part.Least * x[at].Sum)
	}
	for l := range 4 {
		s[l] += s[l+4]
	}
	return (s[0] + s[2]) + (s[1] + s[3]) + less
}

// dotLane is the sum of four products, those of lane l of eight.
func dotLane(a, b *[quant.PartLen]int16, l int) int32 {
	i, j := 2*l, quant.PartLen/2+2*l
	return int32(a[i])*int32(b[i]) + int32(a[i+1])*int32(b[i+1]) + int32(a[j])*int32(b[j]) + int32(a[j+1])*int32(b[j+1])
}

// referenceBlocks are the kernels in plain Go of the formats whose values are parts.
func referenceBlocks() map[string]BlockKernels {
	out := map[string]BlockKernels{}
	for _, name := range quant.Names() {
		f := quant.ByName(name)
		if f.Parts() == 0 {
			continue
		}
		out[name] = BlockKernels{
			MatVec: func(dst []float32, w []byte, x Rounded) {
				checkBlocks("MatVec", f, len(dst), x.Len(), len(w))
				row := f.Size(x.Len())
				for r := range dst {
					dst[r] = dotBlocks(f, w[r*row:][:row], x)
				}
			},
			Dequantize: func(dst []float32, w []byte) {
				checkBlocks("Dequantize", f, 1, len(dst), len(w))
				f.Dequantize(dst, w)
			},
		}
	}
	return out
}

// checkBlocks panics unless so many bytes are a matrix [rows, cols] in whole blocks.
func checkBlocks(kernel string, f *quant.Format, rows, cols, w int) {
	if cols%f.Len != 0 || rows*(cols/f.Len)*f.Bytes != w {
		panic(fmt.Sprintf("ops: %s of %d rows of %d values for %d bytes of %s, whose blocks hold %d in %d", kernel, rows, cols, w, f.Name, f.Len, f.Bytes))
	}
}
