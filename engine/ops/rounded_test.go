package ops_test

import (
	"math"
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// TestRounded: values come back as nearly as is promised, and what is no number stays none.
func TestRounded(t *testing.T) {
	for name, at := range map[string]func(i int) float64{
		"waves":    func(i int) float64 { return math.Sin(float64(i)) },
		"large":    func(i int) float64 { return 3e38 * math.Cos(float64(3*i)) },
		"one peak": func(i int) float64 { return 1000 / (1 + float64(i*i)) },
		"small":    func(i int) float64 { return 0x1p-99 * math.Sin(float64(i)) },
	} {
		x, sum, top := make([]float32, quant.PartLen), 0.0, 0.0
		for i := range x {
			x[i] = float32(at(i))
			sum, top = sum+float64(x[i]), max(top, math.Abs(float64(x[i])))
		}
		p := ops.Rounded(nil).Round(x)[0]
		for i, v := range x {
			whole, fine := float64(p.Scale)*float64(p.Whole[i]), float64(p.Scale)*(float64(p.Whole[i])+float64(p.Rest[i])/32768)
			if d := math.Abs(whole - float64(v)); d > top/65534*(1+1e-3) {
				t.Errorf("%s: value %d, %g, is off by %g", name, i, v, d)
			}
			if d := math.Abs(fine - float64(v)); d > top*0x1p-23 {
				t.Errorf("%s: value %d, %g, is off by %g with its rest", name, i, v, d)
			}
		}
		if d := math.Abs(float64(p.Sum) - sum); d > quant.PartLen*top*0x1p-23 {
			t.Errorf("%s: the sum is off by %g", name, d)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x := make([]float32, quant.PartLen)
		x[7] = float32(v)
		if p := ops.Rounded(nil).Round(x)[0]; p.Scale == p.Scale || p.Sum == p.Sum {
			t.Errorf("with %g the scale is %g, the sum %g", v, p.Scale, p.Sum)
		}
	}
	reused := make(ops.Rounded, 3)
	reused[0].Whole[3] = 9
	if r := reused.Round(make([]float32, 2*quant.PartLen)); &r[0] != &reused[0] || r.Len() != 64 || r[0] != (ops.RoundedPart{}) {
		t.Errorf("zeros in memory that was there are %+v", r[0])
	}
}
