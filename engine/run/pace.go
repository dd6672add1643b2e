package run

import (
	"context"

	"kvscope/engine/trace"
)

// pace interrupts a run between pieces of its work, to let others have the thread, to stop
// it where it was cancelled, and to report how much of the prompt is read.
type pace struct {
	ctx            context.Context
	yield          func()            // nil where nobody waits
	reader         trace.ReadingSink // nil where nobody asks
	layers         int               // L
	prompt         int               // tokens of it
	from, to, told int               // tokens under way, and how many were told of last
}

// newPace is the pace of a run of j whose events go to sink.
func newPace(ctx context.Context, j *job, sink trace.Sink) *pace {
	p := &pace{ctx: ctx, yield: j.engine.Yield, layers: j.model.Config().Layers, prompt: len(j.example.Tokens), told: -1}
	p.reader, _ = sink.(trace.ReadingSink)
	return p
}

// reads says that the prompt's tokens [from, to) are read next.
func (p *pace) reads(from, to int) {
	p.from, p.to = from, to
	p.tell(from)
}

// pause is a model.Options.Pause. A layer that is done counts as its share of the tokens
// that are being read.
func (p *pace) pause(layer int) error {
	p.tell(p.from + (p.to-p.from)*layer/p.layers)
	if p.yield != nil {
		p.yield()
	}
	return p.ctx.Err()
}

func (p *pace) tell(read int) {
	if p.reader != nil && read > p.told {
		p.told = read
		p.reader.Reading(read, p.prompt)
	}
}
