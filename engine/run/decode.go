package run

import (
	"math"
	"slices"
	"time"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/trace"
)

// decode generates the answer greedily, token by token, until the model ends it.
func (j *job) decode(s *model.Session, rec *recorder, done *trace.Done) ([]int32, error) {
	var answer []int32
	prompt, expected := j.example.Tokens, j.example.Answer
	next, started, loglik := prompt[len(prompt)-1], time.Now(), 0.0
	wanted, right := 0.0, true // ln p of the expected tokens so far, all of which came
	for step := 0; step < j.maxNew; step++ {
		from := time.Now()
		logits, err := s.Step(next)
		if err != nil {
			return nil, err
		}
		if rec.err != nil {
			return nil, rec.err
		}
		p := append([]float32(nil), logits...)
		j.engine.kernels.Softmax(p, len(p), 1)
		event := &trace.Step{Step: step, Position: s.Len() - 1, Top: j.likeliest(p, logits)}
		event.Token, event.Prob = event.Top[0].Token, event.Top[0].Prob
		loglik += math.Log(float64(event.Prob))
		next = event.Token.ID
		if step < len(expected) {
			want := int(expected[step])
			event.Correct = expected[step] == next
			event.Want = &trace.Want{Prob: p[want], Logit: logits[want], Rank: figures.Rank(p, want)}
			if right {
				wanted += model.LogLikelihood(logits, expected[step])
			}
		}
		event.MS = milliseconds(from)
		if right && step < len(expected) && (!event.Correct || step == len(expected)-1 || step == j.maxNew-1) {
			right = false
			aside := time.Now()
			rest, err := s.Foresee(expected[step:])
			if err != nil {
				return nil, err
			}
			for _, v := range rest {
				wanted += v
			}
			done.ExpectedLogLik = &wanted
			started = started.Add(time.Since(aside))
		}
		if err := rec.sink.Emit(event); err != nil {
			return nil, err
		}
		done.LogLik = &loglik
		done.DecodeMS = milliseconds(started) / float64(step+1)
		if slices.Contains(j.tok.Ends(), next) {
			break
		}
		answer = append(answer, next)
	}
	return answer, nil
}

// alternatives is how many of the likeliest tokens a step reports.
const alternatives = 5

// likeliest returns the tokens of greatest probability, best first, ties to the
// lower token.
func (j *job) likeliest(p, logits []float32) []trace.Alternative {
	var top []trace.Alternative
	for _, i := range figures.Top(p, alternatives) {
		id := int32(i)
		top = append(top, trace.Alternative{Token: trace.Token{ID: id, Text: j.tok.Text(id)}, Prob: p[i], Logit: logits[i]})
	}
	return top
}
