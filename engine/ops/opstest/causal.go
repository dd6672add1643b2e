package opstest

import (
	"math"

	"kvscope/engine/ops"
)

// causalShapes are n queries over T positions, of one tile and of several, whole and
// not; masks are dense and dilated.
var (
	causalShapes = [][2]int{{0, 3}, {1, 1}, {2, 3}, {1, 130}, {13, 67}, {63, 63}, {64, 64}, {65, 65}, {70, 200}, {128, 128}, {130, 257}}
	causalMasks  = []ops.Mask{{}, {Dilation: 5, Window: 3, Initial: 2}, {Dilation: 16, Window: 16}, {Dilation: 100}}
	causalDims   = []int{1, 3, 8, 15, 16, 17, 31, 32, 33, 48, 64, 67, 128, 130, 600}
)

// testAttendCausal tries every number of channels and every shape, though not every
// pair of the two with every mask.
func testAttendCausal(s *suite) {
	for i, d := range causalDims {
		for j, shape := range causalShapes {
			if d > 200 && shape[1] > 70 {
				continue
			}
			testCausal(s, s.normal, shape[0], shape[1], d, (i+j)%3*5, causalMasks[(i+j)%4])
		}
	}
	for _, mask := range causalMasks {
		testCausal(s, s.normal, 700, 700, 32, 0, mask)
	}
	for n := range 68 {
		testCausal(s, s.normal, n, n+n%3, 16, 0, causalMasks[n%4])
	}
}

// testCausal checks both passes on values of take, rows being gap further apart than
// they are long.
func testCausal(s *suite, take func(n int) []float32, n, t, d, gap int, mask ops.Mask) {
	s.Helper()
	of := func(rows int) []float32 { return take(viewSize(rows, d, gap)) }
	before := [][]float32{of(n), of(n), of(t), of(t), of(n), take(n), of(n), of(t), of(t)}
	v, intact := s.guarded(before)
	m := func(i, rows int) ops.Matrix { return view(v[i], rows, d, gap) }
	a := ops.CausalAttention{Out: m(0, n), Query: m(1, n), Keys: m(2, t), Values: m(3, t), LogSum: v[5], Mask: mask,
		Scale: float32(1 / math.Sqrt(float64(d)))}
	s.table.AttendCausal(a)
	s.table.AttendCausalBackward(m(6, n), m(7, t), m(8, t), m(4, n), a)
	if !intact() {
		s.Fatalf("%d queries of %d over %d: wrote outside of the operands", n, d, t)
	}
	for i, x := range v {
		for at := range x {
			between := i != 5 && at%(d+gap) >= d
			if (between || i >= 1 && i <= 4) && math.Float32bits(x[at]) != math.Float32bits(before[i][at]) {
				s.Fatalf("%d queries of %d over %d: wrote to operand %d at %d", n, d, t, i, at)
			}
		}
	}
	checkCausal(s, a, m(6, n), m(7, t), m(8, t), m(4, n))
}

// checkCausal holds both passes to their formulas. What the bounds are made of: the
// products, K+2 units each and what the table's are coarser by (see MatMul); the exponents, which scores and what they are
// compared with are off by, as relative errors of the weights; for every block of keys
// one more exponential, by which what was weighted before shrinks; and the sums.
func checkCausal(s *suite, a ops.CausalAttention, dquery, dkeys, dvalues, dout ops.Matrix) {
	s.Helper()
	n, t, d := a.Query.Rows, a.Keys.Rows, a.Query.Cols
	blocks, scale, coarse := float64(t/64+1), float64(a.Scale), s.table.Coarse
	type sums struct{ want, bound []float64 }
	newSums := func() []sums {
		all := make([]sums, t)
		for j := range all {
			all[j] = sums{make([]float64, d), make([]float64, d)}
		}
		return all
	}
	dk, dv := newSums(), newSums()
	for i := range n {
		p := t - n + i
		q, up := a.Query.Row(i), dout.Row(i)
		var read []int
		for j := range p + 1 {
			if m := a.Mask; m.Dilation == 0 || (j+1)%m.Dilation == 0 || p-j <= m.Window || j < m.Initial {
				read = append(read, j)
			}
		}
		w, slack, size := make([]float64, len(read)), 0.0, 0.0
		top := math.Inf(-1)
		for r, j := range read {
			dot, total := dot64(q, a.Keys.Row(j))
			w[r] = scale * dot
			top = max(top, w[r])
			size = max(size, math.Abs(w[r]))
			slack = max(slack, scale*total*(float64(d+4)*unit+coarse))
		}
		slack += 8 * unit * size
		sum := 0.0
		for r := range w {
			w[r] = math.Exp(w[r] - top)
			sum += w[r]
		}
		logSum := top + math.Log(sum)
		terms := float64(len(read)) + 4*blocks
		relative := 2*slack + 2*blocks*(expError+8*unit*size) + (terms+6)*unit
		s.near("log of the sum", i, a.LogSum[i], logSum, relative+2*unit*math.Abs(logSum)+2*unit)
		relative += 4 * unit * math.Abs(logSum)

		out, spread := make([]float64, d), make([]float64, d)
		for r, j := range read {
			w[r] /= sum
			for c, v := range a.Values.Row(j) {
				out[c] += w[r] * float64(v)
				spread[c] += w[r] * math.Abs(float64(v))
			}
		}
		delta, deltaBound := 0.0, 0.0
		for c := range d {
			bound := spread[c] * (relative + (terms+3)*unit + coarse)
			s.near("out", c, a.Out.Row(i)[c], out[c], bound+tiny)
			delta += float64(up[c]) * out[c]
			deltaBound += math.Abs(float64(up[c])) * (bound + float64(d+1)*unit*math.Abs(out[c]))
		}
		dq, dqBound := make([]float64, d), make([]float64, d)
		for r, j := range read {
			dot, total := dot64(up, a.Values.Row(j))
			ds := scale * w[r] * (dot - delta)
			size := scale * w[r] * (math.Abs(dot) + math.Abs(delta))
			dsBound := scale*w[r]*((float64(d+2)*unit+coarse)*total+deltaBound) + size*(relative+8*unit)
			// A weight, a slope and each product with them may become zero on the way.
			dsBound += tiny * (1 + scale*(1+math.Abs(dot)+math.Abs(delta)))
			for c := range d {
				key, query, u := float64(a.Keys.Row(j)[c]), float64(q[c]), float64(up[c])
				dq[c] += ds * key
				dqBound[c] += math.Abs(key)*(dsBound+((terms+3)*unit+coarse)*math.Abs(ds)) + tiny
				dk[j].want[c] += ds * query
				dk[j].bound[c] += math.Abs(query)*(dsBound+(float64(2*n+3)*unit+coarse)*math.Abs(ds)) + tiny
				dv[j].want[c] += w[r] * u
				dv[j].bound[c] += math.Abs(u)*w[r]*(relative+float64(2*n+3)*unit+coarse) + tiny*(1+math.Abs(u))
			}
		}
		for c := range d {
			s.near("dquery", c, dquery.Row(i)[c], dq[c], dqBound[c])
		}
	}
	for j := range t {
		for c := range d {
			s.near("dkeys", c, dkeys.Row(j)[c], dk[j].want[c], dk[j].bound[c])
			s.near("dvalues", c, dvalues.Row(j)[c], dv[j].want[c], dv[j].bound[c])
		}
	}
}

// testAttendCausalPlace holds that the bits of a query depend on nothing but what it
// reads and where it stands: neither on the queries beside it nor on what comes after.
func testAttendCausalPlace(s *suite) {
	const t, d = 300, 32
	query, keys, values := ops.Dense(s.normal(t*d), t, d), ops.Dense(s.normal(t*d), t, d), ops.Dense(s.normal(t*d), t, d)
	for _, mask := range causalMasks {
		run := func(first, end int) ops.Matrix {
			out := ops.Dense(make([]float32, (end-first)*d), end-first, d)
			s.table.AttendCausal(ops.CausalAttention{Out: out, Query: query.Slice(first, end, 0, d),
				Keys: keys.Slice(0, end, 0, d), Values: values.Slice(0, end, 0, d), Mask: mask, Scale: 0.2})
			return out
		}
		whole := run(0, t)
		for _, part := range [][2]int{{0, 1}, {0, 65}, {17, 18}, {127, 130}, {100, 300}, {299, 300}} {
			for i, got := range run(part[0], part[1]).Data {
				if want := whole.Data[part[0]*d+i]; got != want {
					s.Fatalf("queries %v: value %d is %v, among all others %v", part, i, got, want)
				}
			}
		}
	}
}

// testAttendCausalSpecial holds where NaN and Inf go: to all that read them and, of
// values, at most to the tile they stand in. Keys that score -Inf have no weight, and
// a query with no others is zero.
func testAttendCausalSpecial(s *suite) {
	const t, d, at = 200, 17, 150
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		for _, operand := range []string{"query", "key", "value"} {
			x := map[string]ops.Matrix{}
			for _, name := range []string{"query", "key", "value"} {
				x[name] = ops.Dense(s.uniform(t*d, 0.5, 1), t, d)
			}
			run := func() ops.Matrix {
				out := ops.Dense(make([]float32, t*d), t, d)
				s.table.AttendCausal(ops.CausalAttention{Out: out, Query: x["query"], Keys: x["key"], Values: x["value"], Scale: 0.2})
				return out
			}
			clean := run()
			x[operand].Row(at)[3] = bad
			got := run()
			for r := range t {
				hurt := r >= at
				if operand == "query" {
					hurt = r == at
				}
				v, want := got.Row(r)[3], clean.Row(r)[3]
				switch {
				case operand == "value" && r < at && r+64 > at:
				case hurt && operand == "key" && bad < 0: // no weight
					if v-v != 0 || v == want {
						s.Errorf("key %v at %d makes query %d %v", bad, at, r, v)
					}
				case hurt && operand == "query" && bad < 0:
					if v != 0 {
						s.Errorf("query %v at %d is %v, want zero", bad, at, v)
					}
				case hurt && v-v == 0:
					s.Errorf("%s %v at %d leaves query %d %v", operand, bad, at, r, v)
				case !hurt && v != want:
					s.Errorf("%s %v at %d turns query %d from %v to %v", operand, bad, at, r, want, v)
				}
			}
		}
	}
}
