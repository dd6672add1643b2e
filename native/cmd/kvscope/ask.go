package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"kvscope/engine/figures"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/viz/number"
)

// ask answers one example.
func ask(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("ask", stderr,
		"kvscope ask --model ratplus --task MK-2 --seed 7 --method quest --budget 1/16",
		"kvscope ask --model attention --text notes.txt --key brave-lantern --value 1234567",
		"kvscope ask --model ratplus --text notes.txt --question brave-lantern --json",
		"kvscope ask --model ratplus --task MQ --seed 3 --method snapkv --budget 1/2 --evict before --questions '*'",
		"kvscope ask --model SmolLM2.gguf --prompt 'The capital of France is' --method quest --budget 1/4 --block 4")
	var q question
	q.flags(fs)
	q.reading = readingFlags(fs, ofCapture)
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	req, engine, err := q.request()
	if err != nil {
		return err
	}
	defer engine.Close()
	answers, err := answersTo(ctx, engine, req)
	if err != nil {
		return q.named(err)
	}
	result := answers.Questions[0].Result
	switch {
	case *asJSON && req.Questions != nil:
		return json.NewEncoder(stdout).Encode(answers)
	case *asJSON:
		return json.NewEncoder(stdout).Encode(result)
	}
	sayIgnored(stderr, []string{result.Method}, result.Ignored)
	if isCapture(engine, req.Model) {
		fmt.Fprintf(stdout, "%s: %s\n", req.Model, noteOf(engine, req.Model))
	}
	if req.Questions == nil {
		describe(stdout, result)
		return nil
	}
	fmt.Fprintf(stdout, "cache     %s\n", answers.Evidence())
	for _, a := range answers.Questions {
		fmt.Fprintf(stdout, "\nquestion  %s\n", a.Key)
		describe(stdout, a.Result)
	}
	return nil
}

// answersTo asks all questions of req, which share the context that is read.
func answersTo(ctx context.Context, engine *run.Engine, req run.Request) (figures.Answers, error) {
	all, err := engine.Questions(req)
	if err != nil {
		return figures.Answers{}, err
	}
	runner := engine.Run
	if len(all) > 1 {
		runner = run.NewPrefixCache(engine, 0).Run
	}
	var out []figures.Answered
	for _, one := range all {
		var record trace.Run
		if err := runner(ctx, one, &record); err != nil {
			return figures.Answers{}, err
		}
		result, ok := figures.ResultOf(&record)
		if !ok {
			return figures.Answers{}, fmt.Errorf("the run did not finish")
		}
		out = append(out, figures.Answered{Key: one.Key, Result: result})
	}
	return figures.AnswersOf(out), nil
}

// describe prints a result for people.
func describe(w io.Writer, r figures.Result) {
	if r.Answer == "" && r.LogLik == nil && len(r.Expected) == 0 { // nothing was generated
		describeReplay(w, r)
		return
	}
	hits := 0
	for _, h := range r.Heads {
		if h.Hit {
			hits++
		}
	}
	if r.Cut != nil {
		fmt.Fprintf(w, "text      has %s tokens, the first %s of which fit and were read\n", number.Count(r.Cut.Tokens), number.Count(r.Cut.Kept))
	}
	if r.Rates != "" {
		fmt.Fprintf(w, "heads     are rated by %s\n", r.Rates)
	}
	if r.Task == niah.PromptID {
		describeFree(w, r)
		return
	}
	expected, score := strings.Join(r.Expected, ", "), "none"
	if r.Score != nil {
		score = number.Decimals(*r.Score, 2)
		if r.Task == niah.RULERID {
			score += ", as RULER scores: what of it stands anywhere in the answer"
		}
	} else if r.Note != "" {
		expected = "nothing: " + r.Note
	}
	needle := ""
	if len(r.Expected) > 0 { // else there is none to select
		needle = fmt.Sprintf("heads     %d of %d selected the needle at every answer step\n", hits, len(r.Heads))
	}
	fmt.Fprintf(w, "answer    %s\nexpected  %s\nscore     %s\n%sread      %s of the KV entries per query (%s, %d a query)\n%s%stime      prefill %s, %s a token\n",
		strings.TrimSpace(r.Answer), expected, score, likelihoods(r), number.Percent(r.ReadFraction), r.Method, r.K, needle, kinds(r.Heads),
		number.Milliseconds(r.Timing.Prefill), number.Milliseconds(r.Timing.Decode))
}

// kinds is the line of how many heads are of each kind, none where they are not known.
func kinds(heads []trace.Hit) string {
	var found []string
	for _, kind := range figures.Kinds() {
		n := 0
		for _, h := range heads {
			if h.Kind == kind {
				n++
			}
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "kinds     " + strings.Join(found, ", ") + ", by where the heads' dense attention falls\n"
}

// likelihoods are the lines of what is known of the expected answer's likelihood, the
// prompt's perplexity and the heads' outputs.
func likelihoods(r figures.Result) string {
	out := ""
	if r.Expects != nil {
		out += fmt.Sprintf("loglik    %s of the expected answer\n", number.LogLik(*r.Expects))
	}
	if r.Perplexity != nil {
		out += fmt.Sprintf("perplexity %s of the prompt as it was read\n", number.Perplexity(*r.Perplexity))
	}
	if r.OutputError != nil {
		out += fmt.Sprintf("error     %s of the heads' outputs against dense attention, on average\n", number.OutputError(*r.OutputError))
	}
	return out
}

// describeFree prints how a model went on with a free prompt.
func describeFree(w io.Writer, r figures.Result) {
	fmt.Fprintf(w, "goes on   %q\nloglik    %s\n%sread      %s of the KV entries per query (%s, %d a query) of %d tokens\ntime      prefill %s, %s a token\n",
		r.Answer, number.LogLik(*r.LogLik), likelihoods(r), number.Percent(r.ReadFraction), r.Method, r.K, r.PromptTokens,
		number.Milliseconds(r.Timing.Prefill), number.Milliseconds(r.Timing.Decode))
}

// describeReplay prints what a method picked of a capture, where there is no answer.
func describeReplay(w io.Writer, r figures.Result) {
	var recall, mass float64
	for _, h := range r.Heads {
		recall += h.Recall / float64(len(r.Heads))
		mass += h.Mass / float64(len(r.Heads))
	}
	fmt.Fprintf(w, "read      %s of the KV entries per query (%s, %d a query)\nheads     %d: recall %s of the heaviest, attention mass kept %s, on average\n",
		number.Percent(r.ReadFraction), r.Method, r.K, len(r.Heads), number.Decimals(recall, 2), number.Decimals(mass, 2))
}
