// Package summary adds measured cells up to what a person reads: rows with
// intervals and deviations, hit rates, and what they say about the paper's two
// hypotheses.
package summary
