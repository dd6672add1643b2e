package run

import (
	"math"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// TestFreePrompt: a text is continued as it stands, under any method, nothing is expected
// of it, and its log-likelihood is that of the tokens that were written.
func TestFreePrompt(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	const text = "The garden was quiet. The old"
	for _, method := range []string{"dense", "quest", "moba", "snapkv"} {
		config := sparse.Config{Method: method, Values: sparse.Values{"budget": "1/2", "block": "4"}}
		if method == "snapkv" {
			config = config.With("window", "2")
		}
		r := record(t, e, Request{Prompt: text, MaxNew: new(5), Config: config})
		if h := r.Header; h.Task != "prompt" || len(h.Expected)+len(h.Answer)+len(h.Needles) > 0 || h.Question != "" {
			t.Errorf("%s: header %+v", method, h)
		}
		if got := strings.Join(r.Header.Pieces, ""); got != text {
			t.Errorf("%s: the prompt is %q", method, got)
		}
		want := 0.0
		for _, s := range r.Steps {
			want += math.Log(float64(s.Prob))
		}
		if d := r.Done; d.LogLik == nil || math.Abs(*d.LogLik-want) > 1e-9 || len(r.Selections) == 0 {
			t.Errorf("%s: loglik %v, want %g, over %d selections", method, d.LogLik, want, len(r.Selections))
		}
	}
	long := record(t, e, Request{Prompt: text})
	if len(long.Steps) != freeTokens && !slices.Contains(e.models[0].tok.Ends(), long.Steps[len(long.Steps)-1].Token.ID) {
		t.Errorf("%d tokens follow where the request does not say how many", len(long.Steps))
	}
}

func TestFreePromptRefuses(t *testing.T) {
	e := testEngine(t, model.Attention)
	for _, c := range []struct {
		field, says string
		req         Request
	}{
		{"task", "one or the other", Request{Prompt: "x", Task: "S-1"}},
		{"text", "one or the other", Request{Prompt: "x", Text: "y"}},
		{"key", "one or the other", Request{Prompt: "x", Key: "k"}},
		{"prompt", "is empty", Request{Prompt: " "}},
		{"prompt", "want at most 255", Request{Prompt: strings.Repeat("garden ", 300)}},
		{"prompt", "bytes", Request{Prompt: strings.Repeat("x", MaxText+1)}},
	} {
		c.req.Model = "m"
		if err := e.Run(t.Context(), c.req, &trace.Run{}); input.Field(err) != c.field || !says(err, c.says) {
			t.Errorf("%.40v: %v", c.req.Prompt, err)
		}
	}
}

// TestOwnTextSaysWhatFits in the header, in tokens.
func TestOwnTextSaysWhatFits(t *testing.T) {
	e := testEngine(t, model.Attention)
	text := strings.Repeat("The grass is green. ", 200)
	r := record(t, e, Request{Text: text, Key: "k", Value: "1234567"})
	if c := r.Header.Cut; c == nil || c.Tokens < 800 || c.Kept >= 256 || c.Kept < 150 {
		t.Errorf("cut %+v of a text four times the context", c)
	}
	if c := record(t, e, Request{Text: text[:400], Key: "k", Value: "1234567"}).Header.Cut; c != nil {
		t.Errorf("a text that fits is cut: %+v", c)
	}
}
