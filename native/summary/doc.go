// Package summary adds measured cells up to what a person reads: rows with
// intervals and deviations, hit rates, and what they say about the paper's two
// hypotheses.
//
//	result := summary.Sum(cells)
//	for _, f := range summary.Findings(cells) {
//		fmt.Println(f.Question, f.Method, f.Budget)
//	}
package summary
