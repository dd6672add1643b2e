package checkpoint

import (
	"math"
	"testing"
)

// TestHalfExact holds that every half value survives the way to float32 and back,
// and equals its definition.
func TestHalfExact(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		f := halfToFloat(h)
		exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
		want := math.Ldexp(1+frac/1024, exp-15)
		switch {
		case exp == 0:
			want = math.Ldexp(frac, -24)
		case exp == 31 && frac == 0:
			want = math.Inf(1)
		case exp == 31:
			if !math.IsNaN(float64(f)) || floatToHalf(f)&0x7e00 != 0x7e00 {
				t.Fatalf("%#04x is no NaN: %v, back %#04x", h, f, floatToHalf(f))
			}
			continue
		}
		if h>>15 == 1 {
			want = -want
		}
		if float64(f) != want || math.Signbit(float64(f)) != (h>>15 == 1) {
			t.Fatalf("%#04x reads as %v, want %v", h, f, want)
		}
		if back := floatToHalf(f); back != h {
			t.Fatalf("%#04x comes back as %#04x", h, back)
		}
	}
}

// TestHalfRounding walks every gap between neighbouring halves: below the middle
// goes down, above goes up, the middle goes to the even one.
func TestHalfRounding(t *testing.T) {
	for i := range uint16(0x7c00) {
		lo, hi := halfToFloat(i), halfToFloat(i+1)
		if i == 0x7bff {
			hi = 65536 // the step to infinity rounds as if the exponent went on
		}
		mid := (lo + hi) / 2
		even := i + i&1
		for f, want := range map[float32]uint16{
			mid:                       even,
			math.Nextafter32(mid, lo): i,
			math.Nextafter32(mid, hi): i + 1,
		} {
			if got := floatToHalf(f); got != want {
				t.Fatalf("%g becomes %#04x, want %#04x", f, got, want)
			}
			if got := floatToHalf(-f); got != want|0x8000 {
				t.Fatalf("%g becomes %#04x, want %#04x", -f, got, want|0x8000)
			}
		}
	}
}

func TestBfloatRounding(t *testing.T) {
	for i := range uint16(0x7f80) {
		base := uint32(i) << 16
		for add, want := range map[uint32]uint16{0: i, 0x7fff: i, 0x8000: i + i&1, 0x8001: i + 1, 0xffff: i + 1} {
			f := math.Float32frombits(base + add)
			if got := floatToBfloat(f); got != want {
				t.Fatalf("%g becomes %#04x, want %#04x", f, got, want)
			}
			if got := floatToBfloat(-f); got != want|0x8000 {
				t.Fatalf("%g becomes %#04x, want %#04x", -f, got, want|0x8000)
			}
		}
	}
	if inf := bfloatToFloat(floatToBfloat(float32(math.Inf(-1)))); !math.IsInf(float64(inf), -1) {
		t.Errorf("-Inf becomes %v", inf)
	}
	// The NaN whose payload lies wholly in the lower half must not become Inf.
	if nan := bfloatToFloat(floatToBfloat(math.Float32frombits(0x7f800001))); nan == nan {
		t.Errorf("NaN becomes %v", nan)
	}
}
