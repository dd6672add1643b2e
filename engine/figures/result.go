package figures

import "kvscope/engine/trace"

// Result is a finished run without its selections: what `ask --json` prints and
// the API answers. Its keys are relied on by scripts.
type Result struct {
	Model        string  `json:"model"`
	Task         string  `json:"task"`
	Seed         uint64  `json:"seed"`
	Context      int     `json:"context"`
	Method       string  `json:"method"`
	Budget       float64 `json:"budget"`
	Block        int     `json:"block"`
	K            int     `json:"k"`
	PromptTokens int     `json:"prompt_tokens"`

	Ignored []string `json:"ignored,omitempty"` // parameters that were set and that the method has not

	Rates string `json:"rates,omitempty"` // what the hit rates are by which the method treats heads

	Answer       string     `json:"answer"`
	Expected     []string   `json:"expected"`
	Score        *float64   `json:"score"`                     // nil where nothing is expected
	Note         string     `json:"note,omitempty"`            // why nothing is
	LogLik       *float64   `json:"loglik"`                    // of the tokens generated, the sum of ln p; nil where none were
	Expects      *float64   `json:"expected_loglik,omitempty"` // of the expected answer, see trace.Done
	Perplexity   *float64   `json:"perplexity,omitempty"`      // of a free prompt's tokens, see trace.Done
	OutputError  *float64   `json:"output_error,omitempty"`    // mean over the heads, see trace.Hit
	Cut          *trace.Cut `json:"cut,omitempty"`             // what of an own text did not fit
	ReadFraction float64    `json:"kv_read_fraction"`

	Compressed *trace.Compressed `json:"compressed,omitempty"` // the cache that was asked, where it was evicted before the question

	Heads  []trace.Hit `json:"heads"`
	Timing Timing      `json:"timing_ms"`
}

// Timing is how long the parts of a run took, in milliseconds.
type Timing struct {
	Prefill float64 `json:"prefill"`
	Decode  float64 `json:"decode_per_token"`
}

// ResultOf sums up a run. It is false unless the run is done.
func ResultOf(r *trace.Run) (Result, bool) {
	if r.Done == nil {
		return Result{}, false
	}
	h, d := r.Header, r.Done
	out := Result{
		Model: h.Model, Task: h.Task, Seed: h.Seed, Context: h.Context,
		Method: h.Method, Budget: h.Budget, Block: h.Block, K: h.K, Ignored: h.Ignored, Rates: h.Rates,
		PromptTokens: len(h.Tokens),
		Answer:       d.Answer, Expected: h.Expected, Note: h.Note,
		LogLik: d.LogLik, Expects: d.ExpectedLogLik, Perplexity: d.Perplexity, OutputError: OutputError(d.Hits), Cut: h.Cut,
		ReadFraction: d.ReadFraction, Heads: d.Hits, Compressed: d.Compressed,
		Timing: Timing{Prefill: d.PrefillMS, Decode: d.DecodeMS},
	}
	// Scripts iterate over these: an empty list, never null.
	if out.Expected == nil {
		out.Expected = []string{}
	}
	if len(h.Expected) > 0 {
		out.Score = &d.Score
	}
	if out.Heads == nil {
		out.Heads = []trace.Hit{}
	}
	return out, true
}

// OutputError is the mean of the output errors of heads, nil where none is known.
func OutputError(heads []trace.Hit) *float64 {
	sum, n := 0.0, 0
	for _, h := range heads {
		if h.OutputError != nil {
			sum += *h.OutputError
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return new(sum / float64(n))
}
