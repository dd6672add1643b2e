package experiment

import (
	"cmp"
	"math"
	"slices"

	"kvscope/engine/sparse"
)

// Ranked is one way to select on one model, over the tasks that it was measured on.
type Ranked struct {
	Model, Method, Selector string
	Swap
	Params sparse.Values
	Budget float64
	Rows   []Row // one a task, the worst first

	Mean  float64    // of the tasks' accuracies
	CI95  [2]float64 // interval of Mean
	Read  float64    // mean share of the cache read
	Error *float64   // mean relative error of the heads' outputs, nil where it is not known of every task
}

// Rank sums rows up over their tasks, the best mean first; of equal ones that which reads
// less. What was measured on fewer tasks than others stands behind those.
//
// The interval of a mean of n accuracies p_t is made of their own, [l_t, u_t], by adding
// squares (Newcombe 1998, method 10; Zou and Donner 2008):
//
//	mean − sqrt(Σ (p_t − l_t)²)/n  to  mean + sqrt(Σ (u_t − p_t)²)/n
func Rank(rows []Row) []Ranked {
	var out []Ranked
	at := map[any]int{}
	for _, r := range rows {
		key := struct {
			model, method, selector string
			swap                    Swap
			params                  sparse.Setting
			context                 int
			hash, version           string
		}{r.Model, r.Method, r.Selector, r.Swap, r.Params.Setting(), r.Context, r.ModelHash, r.Version}
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, Ranked{Model: r.Model, Method: r.Method, Selector: r.Selector, Swap: r.Swap, Params: r.Params, Budget: r.Budget})
		}
		out[i].Rows = append(out[i].Rows, r)
	}
	for i := range out {
		out[i].finish()
	}
	slices.SortStableFunc(out, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(len(b.Rows), len(a.Rows)), cmp.Compare(b.Mean, a.Mean), cmp.Compare(a.Read, b.Read))
	})
	return out
}

// finish computes the figures of r from its rows.
func (r *Ranked) finish() {
	n := float64(len(r.Rows))
	low, high, off, known := 0.0, 0.0, 0.0, true
	for _, row := range r.Rows {
		r.Mean += row.Accuracy / n
		r.Read += row.Read / n
		low += (row.Accuracy - row.CI95[0]) * (row.Accuracy - row.CI95[0])
		high += (row.CI95[1] - row.Accuracy) * (row.CI95[1] - row.Accuracy)
		if known = known && row.Error != nil; known {
			off += *row.Error / n
		}
	}
	r.CI95 = [2]float64{max(0, r.Mean-math.Sqrt(low)/n), min(1, r.Mean+math.Sqrt(high)/n)}
	if known {
		r.Error = &off
	}
	slices.SortStableFunc(r.Rows, func(a, b Row) int { return cmp.Compare(a.Accuracy, b.Accuracy) })
}
