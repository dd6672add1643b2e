package run

import (
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// Reselect predicts the picks of req for the answer from the scores in r, a finished run of
// the request was: it returns a header and the selections of the answer steps, without the
// model. In the first layer at the first step a run of req has the same scores and
// picks the same; after that its queries are others, since what they come from was
// read otherwise. The result is nil where the scores do not tell: of another prompt, model or
// method, of another block or window, for candidates that were never scored.
func Reselect(req, was Request, r *trace.Run, k *ops.Kernels) []trace.Event {
	if r.Done == nil || req.scoring().ID() != was.scoring().ID() {
		return nil
	}
	re := &reselection{kernels: k, prompt: len(r.Header.Tokens), group: r.Header.Group(), kept: map[[2]int]*sparse.Selection{}}
	header := *r.Header
	if re.prepare(req, &header) != nil {
		return nil
	}
	events := []trace.Event{&header}
	for _, s := range r.Selections {
		if s.Step < 0 {
			continue // queries of the prefill leave no scores
		}
		e := re.pick(s)
		if e == nil {
			return nil
		}
		events = append(events, e)
	}
	return events
}

// scoring is r without what only decides how much is read of what was scored.
func (r Request) scoring() Request {
	r.Values = r.Values.Without(sparse.Extents()...)
	r.Selector, r.SelectorSeed = "", 0
	r.Force, r.Drop = "", ""
	return r
}

// reselection is a plan at work on scores.
type reselection struct {
	plan    sparse.Plan
	kernels *ops.Kernels
	prompt  int                          // tokens of it
	group   int                          // heads that share keys
	kept    map[[2]int]*sparse.Selection // what an eviction keeps, by layer and head
}

// prepare makes the plan of a request and writes it into h, a header of the same
// prompt.
func (re *reselection) prepare(req Request, h *trace.Header) error {
	var err error
	if re.plan, err = questioned(h).Plan(req.selection()); err != nil {
		return err
	}
	edit, err := req.edit(re.prompt, re.plan.Block)
	if err != nil {
		return err
	}
	memory, err := req.intervention(h.HasMemory())
	if err != nil {
		return err
	}
	re.plan = re.plan.Edited(edit)
	announce(h, re.plan)
	h.ID, h.Intervention = "", interventionOf(edit, memory)
	return nil
}

// questioned is the prompt of a run, with the place of its question where its method was
// at work from there.
func questioned(h *trace.Header) sparse.Prompt {
	p := sparse.Prompt{Tokens: len(h.Tokens)}
	switch {
	case h.EvictedAt != nil:
		p.Question = *h.EvictedAt
	case h.SparseFrom != nil:
		p.Question = *h.SparseFrom
	}
	return p
}

// pick picks again for the query of s, nil where its scores do not tell.
func (re *reselection) pick(s *trace.Selection) *trace.Selection {
	q := sparse.Query{Position: s.First, Layer: s.Layer, Head: s.Head}
	cache := sparse.Shape(re.kernels, re.plan.Block, s.First+1)
	var sel sparse.Selection
	switch {
	case re.plan.Evictor != nil:
		kept := re.keep(s)
		if kept == nil {
			return nil
		}
		sel.Since(kept, re.plan.EvictAt, s.First)
	case re.plan.From <= s.First && s.First < re.plan.To:
		first := q
		first.Head = re.plan.Joint.First(q.Head, re.group) // by whose draw all of them read where chance chooses
		if !sparse.Reselect(re.plan.Selector, &sel, first, cache, s.Scores) {
			return nil
		}
	default:
		sparse.Dense{}.Select(&sel, q, cache)
	}
	if sel.Unit != s.Unit {
		return nil
	}
	out := answerStep(q, &sel, re.prompt)
	out.Mass = s.Mass
	return out
}

// keep decides once for the head of s, as the eviction did, by the scores of the
// positions that it saw.
func (re *reselection) keep(s *trace.Selection) *sparse.Selection {
	at, length := [2]int{s.Layer, s.Head}, re.plan.EvictAt
	if kept := re.kept[at]; kept != nil {
		return kept
	}
	kept := &sparse.Selection{}
	m, ok := re.plan.Evictor.(sparse.Reevictor)
	cache := sparse.Shape(re.kernels, re.plan.Block, length)
	if !ok || !m.Reevict(kept, s.Layer, s.Head, cache, s.Scores[:min(length, len(s.Scores))]) {
		return nil
	}
	re.kept[at] = kept
	return kept
}
