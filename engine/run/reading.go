package run

import (
	"slices"

	"kvscope/engine/model"
)

// source says what is read: tokens by a model, with or without a change to its memory.
type source struct {
	model        *model.Model
	intervention *model.Intervention
	tokens       []int32
}

// equal reports whether reading s leaves what reading o leaves.
func (s source) equal(o source) bool {
	return s.model == o.model && s.intervention.Equal(o.intervention) && slices.Equal(s.tokens, o.tokens)
}

// before is s up to a position.
func (s source) before(at int) source {
	s.tokens = s.tokens[:at]
	return s
}

// reading is how a run reads its prompt. It stays as it is once the request has been
// understood, so that other runs may look at it while the run goes on.
type reading struct {
	source
	dense bool // up to the last token
	split int  // the position at which the method evicts before the question, else that of the last token
}

// evictsContext reports whether the method evicts before the question.
func (r reading) evictsContext() bool { return r.split < len(r.tokens)-1 }

// shares reports whether one of two runs can take over what the other reads: the whole prompt,
// or the context before the question.
func (r reading) shares(o reading) bool {
	return r.dense && o.dense && r.equal(o.source) ||
		r.evictsContext() && o.evictsContext() && r.before(r.split).equal(o.before(o.split))
}
