package experiment

import (
	"math"

	"kvscope/engine/sparse"
)

// Row is one combination of a grid, its cells summed up.
type Row struct {
	Model    string `json:"model"`
	Title    string `json:"title"`  // of Arch, for people
	Memory   bool   `json:"memory"` // keys and values of the model pass a memory
	Arch     string `json:"arch"`
	Task     string `json:"task"`
	Method   string `json:"method"`
	Selector string `json:"selector"`
	Swap
	Params   sparse.Values `json:"params"` // of the method, defaults among them
	Budget   float64       `json:"budget"` // 1 where the method has none
	Block    int           `json:"block"`  // of the cache
	K        int           `json:"k"`      // blocks or tokens that a query read at most
	Context  int           `json:"context"`
	Examples int           `json:"examples"` // answered, all seeds together
	Prompts  int           `json:"prompts"`  // different ones among them
	Accuracy float64       `json:"accuracy"` // mean score, 0..1
	CI95     [2]float64    `json:"ci95"`     // Wilson interval of Accuracy over so many prompts
	Seeds    int           `json:"seeds"`    // random selectors tried
	Std      float64       `json:"std"`      // standard deviation of the accuracy over the seeds, 0 for one
	Read     float64       `json:"kv_read_fraction"`
	LogLik   *float64      `json:"expected_loglik,omitempty"` // mean over the examples, nil where it is not known of all
	Error    *float64      `json:"output_error,omitempty"`    // so too
	Seconds  float64       `json:"seconds"`                   // computing, all workers together

	ModelHash string `json:"model_hash"`
	Version   string `json:"version"`
	Kernels   string `json:"kernels"`
}

// Hit is how often one head's selection held the needle at every answer step, and how far the
// head's output was from that of dense attention.
type Hit struct {
	Model    string `json:"model"`
	Task     string `json:"task"`
	Method   string `json:"method"`
	Selector string `json:"selector"`
	Swap
	Params sparse.Values `json:"params"`
	Budget float64       `json:"budget"`
	Block  int           `json:"block"`
	Layer  int           `json:"layer"`
	Head   int           `json:"head"`
	Rate   float64       `json:"rate"`
	Error  *float64      `json:"output_error,omitempty"` // mean over the examples, nil where it is not known of all
}

// Example is one answered example of a row.
type Example struct {
	Seed         uint64  `json:"seed"`
	SelectorSeed uint64  `json:"selector_seed"`
	Score        float64 `json:"score"`
	Depth        float64 `json:"depth"`
}

// Result is a measured grid.
type Result struct {
	Rows []Row `json:"rows"`
	Hits []Hit `json:"hits"`
}

// Wilson is the 95% score interval of a proportion p observed over n trials
// (Wilson 1927), with z = 1.96:
//
//	(p + z²/2n ± z·sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n).
//
// Without trials nothing is known: it is 0 to 1.
func Wilson(p float64, n int) (low, high float64) {
	if n < 1 {
		return 0, 1
	}
	const z = 1.959963984540054
	m := float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return max(0, (centre-half)/scale), min(1, (centre+half)/scale)
}
