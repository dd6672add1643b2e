package traces

import (
	"cmp"
	"strconv"

	"kvscope/engine/figures"
	"kvscope/viz/number"
	"kvscope/web/picture"
)

// Row is one figure of two runs.
type Row struct{ Name, Left, Right string }

// Comparison is two runs side by side.
type Comparison struct {
	Rows []Row
	// Grid is that of the right run with what the left one picks otherwise, nil where they
	// did not read the same prompt.
	Grid *picture.Grid
}

// Compare sets two runs side by side.
func Compare(left, right *picture.Run) Comparison {
	a, b := figuresOf(left), figuresOf(right)
	out := Comparison{}
	for i, row := range a {
		out.Rows = append(out.Rows, Row{row.name, row.value, b[i].value})
	}
	// What is common is as on the Explorer: of the right run against the left.
	g := right.Grid(nil)
	if g.Diff = right.Compare(left, g, nil); g.Diff == nil {
		return out
	}
	common := mean(right.Jaccard(left))
	out.Rows = append(out.Rows, Row{"picks in common", common, common})
	out.Grid = g
	return out
}

type named struct{ name, value string }

// figuresOf are the figures of a run, in the same order for all.
func figuresOf(r *picture.Run) []named {
	h, heads := r.Header, r.HeadGrid()
	out := []named{
		{"model", cmp.Or(h.Title, h.Model)}, {"method", method(h)},
		{"blocks of", strconv.Itoa(h.Block)}, {"prompt, tokens", number.Count(len(h.Tokens))},
		{"heads that hit", strconv.Itoa(heads.Hits()) + " of " + strconv.Itoa(len(heads.Cells))},
		{"recall", share(heads, picture.Recall)}, {"attention kept", share(heads, picture.Mass)},
	}
	answer, score, read, prefill, token := "", "", "", "", ""
	if result, ok := figures.ResultOf(&r.Run); ok {
		answer, read = result.Answer, number.Percent(result.ReadFraction)
		prefill, token = number.Milliseconds(result.Timing.Prefill), number.Milliseconds(result.Timing.Decode)
		if result.Score != nil {
			score = number.Percent(*result.Score)
		}
	}
	return append(out, named{"answer", answer}, named{"score", score}, named{"cache read", read}, named{"prompt took", prefill}, named{"a token took", token})
}

// share is the mean of a metric over the heads, "" where no head has it.
func share(h *picture.Heads, metric picture.Metric) string {
	if !h.Has(metric) {
		return ""
	}
	return number.Percent(float64(h.Mean(metric)))
}

// mean averages the values that are known; it is "" where none is.
func mean(values []float32) string {
	sum, n := 0.0, 0
	for _, v := range values {
		if v >= 0 {
			sum += float64(v)
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return number.Percent(sum / float64(n))
}
