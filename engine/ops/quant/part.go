package quant

// PartLen is the number of values in a Part.
const PartLen = 32

// Part is values of a block that lie together: value j is Scale·Whole[j] + Least.
type Part struct {
	Whole        [PartLen]int16
	Scale, Least float32
}

// Parts is how many parts a block has, and zero for a format whose values are not seen so.
func (f *Format) Parts() int {
	if f.part == nil {
		return 0
	}
	return f.Len / PartLen
}

// Fine reports whether a block has so many values under one scale that activations of 16
// bits are too coarse for it.
func (f *Format) Fine() bool { return f.Len == superLen }

// Part writes part p of a block to dst.
func (f *Format) Part(dst *Part, block []byte, p int) { f.part(dst, block, p) }

func partQ8_0(dst *Part, b []byte, _ int) {
	dst.Scale = half(b)
	for j, q := range b[2:34] {
		dst.Whole[j] = int16(int8(q))
	}
}

func partQ4_0(dst *Part, b []byte, _ int) {
	dst.Scale = half(b)
	for j, q := range b[2:18] {
		dst.Whole[j], dst.Whole[j+16] = int16(q&15)-8, int16(q>>4)-8
	}
}

func partQ4_1(dst *Part, b []byte, _ int) {
	dst.Scale, dst.Least = half(b), half(b[2:])
	for j, q := range b[4:20] {
		dst.Whole[j], dst.Whole[j+16] = int16(q&15), int16(q>>4)
	}
}

func partQ4K(dst *Part, b []byte, p int) {
	s, m := scaleMin(b[4:16], p)
	dst.Scale, dst.Least = half(b)*s, -half(b[2:])*m
	for j, q := range b[16+p/2*32:][:32] {
		dst.Whole[j] = int16(q >> (p % 2 * 4) & 15)
	}
}

// partQ6K has the scales, whole numbers themselves, in the values.
func partQ6K(dst *Part, b []byte, p int) {
	dst.Scale = half(b[208:])
	for j := range dst.Whole {
		dst.Whole[j] = int16(int8(b[192+2*p+j/16])) * sixBits(b, p, j)
	}
}
