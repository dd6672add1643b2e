package api

import (
	"encoding/json"

	"kvscope/engine/sparse"
	"kvscope/viz/chart"
)

// Picture is a chart and the option of the script that draws it.
type Picture struct {
	chart.Chart
	Option json.RawMessage `json:"option"`
}

// Pictures is every chart of an experiment and what its numbers say.
type Pictures struct {
	Charts   []Picture `json:"charts"`
	Findings []Finding `json:"findings"`
	Script   string    `json:"script"` // path of the script that draws
}

// Question is the question that a Finding answers.
type Question string

// The questions: accuracy under a budget, and the two hypotheses of
// arXiv:2605.28640 on why the memory helps.
const (
	Accuracy Question = "accuracy"
	H1       Question = "H1" // selection: more heads select the needle
	H2       Question = "H2" // states: even where chance selects, less is lost

	// The two hypotheses apart from each other on one model, whose memory is taken
	// away from one use at a time.
	SwapHits   Question = "swap-hits"   // heads that hold the needle, by K~ against K
	SwapKeys   Question = "swap-keys"   // accuracy, selecting by K~ against K
	SwapStates Question = "swap-states" // accuracy, reading (K~, V~) against (K, V)
)

// Verdict says whether the numbers support a claim.
type Verdict string

// The verdicts. A difference is only told from none where its 95% interval leaves
// zero out.
const (
	Supports    Verdict = "supports"
	Contradicts Verdict = "contradicts"
	Undecided   Verdict = "undecided"
	Baseline    Verdict = "baseline" // reading everything, of which nothing is claimed
	TooFew      Verdict = "too-few"  // too few pairs to say anything
)

// Finding compares with and without a memory on the same examples: the two
// backbones or, of a swap, one model with and without it in one place.
type Finding struct {
	Question   Question      `json:"question"`
	Method     string        `json:"method"`
	Params     sparse.Values `json:"params"` // of the method, defaults among them
	Budget     float64       `json:"budget"`
	Block      int           `json:"block"` // of the cache
	Selector   string        `json:"selector"`
	Without    float64       `json:"without"`    // mean without the memory: of attention, or of the swap
	With       float64       `json:"with"`       // mean with it
	Difference float64       `json:"difference"` // With - Without, mean of the pairs
	CI95       [2]float64    `json:"ci95"`       // of Difference; -1 to 1 where there are too few pairs
	Pairs      int           `json:"pairs"`
	Verdict    Verdict       `json:"verdict"`
	Text       string        `json:"text"`
}
