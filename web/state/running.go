package state

import (
	"maps"
	"time"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/picture"
)

// retryAfter is how long to wait before asking for a lost engine again.
const retryAfter = 2 * time.Second

// MetaArrived says what can be asked for. It starts what was waiting for it.
type MetaArrived struct{ Meta api.Meta }

func (a MetaArrived) apply(s *Snapshot) []Effect {
	first := s.MetaPhase != Done
	s.Meta, s.MetaPhase, s.MetaError = a.Meta, Done, ""
	s.Draft = s.withModels(s.Draft)
	s.Form = s.withModels(s.Form)
	if first {
		return Submit{}.start(s, false)
	}
	return nil
}

// withModels puts models that are there for those not chosen: one without a memory and
// one with if there is. A name that was chosen stays, there or not.
func (s *Snapshot) withModels(f Form) Form {
	d := DefaultForm()
	pick := func(name, otherwise string, memory bool, not string) string {
		if name != "" && (name != otherwise || s.Model(name) != nil) {
			return name
		}
		found := ""
		for _, m := range s.Meta.Models {
			switch {
			case m.Name == not:
			case m.Memory == memory:
				return m.Name
			case found == "":
				found = m.Name
			}
		}
		return found
	}
	f.Left = pick(f.Left, d.Left, false, f.Right)
	f.Right = pick(f.Right, d.Right, true, f.Left)
	return f
}

// olderPage is the advice where an engine sends a message that the page does not understand.
const olderPage = "Reload the page; it may be older than the engine."

func (s *Snapshot) started() bool { return s.runs > 0 }

// MetaFailed says that it could not be heard what can be asked for.
type MetaFailed struct{ Err error }

func (a MetaFailed) apply(s *Snapshot) []Effect {
	s.MetaPhase, s.MetaError = Failed, a.Err.Error()
	return []Effect{AskMeta{After: retryAfter}}
}

// Submit runs the draft.
type Submit struct{}

func (a Submit) apply(s *Snapshot) []Effect { return a.start(s, true) }

// SubmitWith changes fields of the draft and runs it: a press is one action.
type SubmitWith struct{ Fields []Set }

func (a SubmitWith) apply(s *Snapshot) []Effect {
	for _, field := range a.Fields {
		field.apply(s)
	}
	return Submit{}.apply(s)
}

// start runs the draft. By hand it does so in every column; what comes by itself, as
// after a reload, leaves those alone that show a file.
func (Submit) start(s *Snapshot, link bool) []Effect {
	if s.MetaPhase != Done {
		return nil
	}
	f := s.withModels(s.Draft)
	problems := Problems{}
	var starts []Start
	shows := func(side int) bool { return !link && s.Columns[side].File() != "" }
	files := 0
	for side := range f.Columns() {
		model := f.Model(side)
		if shows(side) {
			files++
			continue
		}
		if model == "" {
			continue
		}
		m := s.Model(model)
		req, p := f.ColumnRequest(side, m != nil && m.Memory, s.Longest())
		if m != nil && m.Arch == run.ArchCapture {
			req = unprompted(req, p)
		}
		maps.Copy(problems, p)
		starts = append(starts, Start{Side: side, Request: req})
	}
	if len(starts)+files == 0 {
		problems["model"] = "the engine has no models"
	}
	if f.Source != FromTask && f.Text == "" && s.Elsewhere != "" {
		if effects := s.findText(problems); effects != nil {
			s.Problems = nil
			return effects
		}
	}
	s.Problems = problems
	if len(problems) > 0 {
		return nil
	}
	s.Draft, s.Form, s.Elsewhere = f, f, ""
	s.Playing = false
	effects := append(s.keepText(), s.stopAnswers()...)
	for _, st := range starts {
		effects = append(effects, s.begin(st)...)
	}
	for side := f.Columns(); side < Sides; side++ {
		if shows(side) {
			continue
		}
		effects = append(effects, s.letGo(side)...)
		effects = append(effects, cancel(s.Columns[side].Gen(), s.Columns[side].Base.start())...)
		s.Columns[side] = Column{Status: Empty{}, Version: s.Columns[side].Version + 1}
	}
	if !link {
		return append(effects, Link{Query: s.Query()})
	}
	s.Line, s.PinnedBlock, s.Token = Auto, None, None
	return append(effects, Link{Query: s.Query(), Push: true})
}

// begin starts a run in its column, and the run that it is to be compared with.
func (s *Snapshot) begin(st Start) []Effect {
	c := &s.Columns[st.Side]
	effects := append(cancel(c.Gen()), s.letGo(st.Side)...)
	s.runs++
	st.Gen = s.runs
	was, on := *c, c.On()
	*c = Column{Version: was.Version + 1, Status: Waiting{
		Gen: st.Gen, Request: st.Request, Next: &picture.Run{}, Before: on, Preview: on.preview(st.Request),
	}}
	effects = append(effects, st)
	if !Edits(st.Request) {
		return append(effects, cancel(was.Base.start())...)
	}
	unedited := Unedited(st.Request)
	if c.Base = was.baseFor(unedited); c.Base != nil {
		return effects
	}
	s.runs++
	c.Base = &Base{&picture.Run{}, unedited, s.runs}
	return append(append(effects, cancel(was.Base.start())...), Start{Side: st.Side, Gen: s.runs, Request: unedited})
}

// baseFor is the run of a request that the column has already, to compare with; nil where it
// has none.
func (c *Column) baseFor(unedited run.Request) *Base {
	if c.Base != nil && c.Base.Request.Equal(unedited) {
		return c.Base
	}
	if f, over := c.Status.(Finished); over {
		if asked, live := f.Of.(Asked); live && asked.Request.Equal(unedited) {
			return &Base{f.Run, unedited, 0}
		}
	}
	return nil
}

// start is the start of the base, 0 for none.
func (b *Base) start() int {
	if b == nil {
		return 0
	}
	return b.gen
}

// dropBase gives up on what the run is compared with: a comparison that does not come to its end
// is none, and the next run asks for it anew.
func (c *Column) dropBase() []Effect {
	effects := cancel(c.Base.start())
	c.Base = nil
	c.Version++
	return effects
}

// cancel stops those of the runs that there are.
func cancel(gens ...int) []Effect {
	var out []Effect
	for _, gen := range gens {
		if gen != 0 {
			out = append(out, Cancel{Gen: gen})
		}
	}
	return out
}

// Stop stops the runs by hand. What arrived stays.
type Stop struct{}

func (Stop) apply(s *Snapshot) []Effect {
	var out []Effect
	for side := range s.Columns {
		c := &s.Columns[side]
		r, gen := c.underWay()
		if r != nil {
			out = append(out, cancel(gen)...)
			c.become(Stopped{c.attempt()})
		}
		if c.Base != nil && c.Base.Run.Done == nil {
			out = append(out, c.dropBase()...)
		}
	}
	return out
}

// Arrived hands in what came of a run.
type Arrived struct {
	Side, Gen int
	Events    []trace.Event
}

func (a Arrived) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	if a.Gen != 0 && a.Gen == c.Base.start() {
		for _, e := range a.Events {
			_, failed := e.(*trace.Failure)
			if failed || c.Base.Run.Emit(e) != nil {
				return c.dropBase()
			}
		}
		c.Version++
		return nil
	}
	for _, e := range a.Events {
		r, gen := c.underWay()
		if r == nil || gen != a.Gen {
			return nil
		}
		if f, failed := e.(*trace.Failure); failed {
			s.fail(c, f)
			return nil
		}
		if err := r.Emit(e); err != nil {
			c.fail(Problem{Message: "The engine sent something out of order: " + err.Error(), Advice: olderPage})
			return []Effect{Cancel{Gen: a.Gen}}
		}
		c.take()
		if _, done := e.(*trace.Done); done {
			s.finish(c)
		}
		c.Version++
	}
	return nil
}

func (s *Snapshot) fail(c *Column, f *trace.Failure) {
	if field := s.Draft.entry(f.Field); s.Draft.has(field) {
		s.Problems = without(s.Problems, field)
		s.Problems[field] = f.Message
		c.fail(Problem{Message: f.Field + ": " + f.Message, Advice: "Correct the field that is marked on the left and run again."})
		return
	}
	message := f.Message
	if f.Field != "" {
		message = f.Field + ": " + message
	}
	c.fail(Problem{Message: message, Advice: "Change the request, or run it again."})
}

func (c *Column) fail(p Problem) { c.become(Broken{c.attempt(), p}) }

// noMemory is what to do when the browser gives no more memory.
const noMemory = "A browser gives a tab 4 GB at most, and often less. Run again with fewer columns, a shorter prompt or a smaller model; “kvscope serve” computes in the memory of its machine."

// Ended says that a run's end was never heard of.
type Ended struct {
	Side, Gen int
	Err       error
}

func (a Ended) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	if a.Gen != 0 && a.Gen == c.Base.start() {
		return c.dropBase()
	}
	if r, gen := c.underWay(); r == nil || gen != a.Gen {
		return nil
	}
	if !client.IsLost(a.Err) {
		c.fail(Problem{Message: a.Err.Error(), Advice: olderPage})
		return nil
	}
	if client.OutOfMemory(a.Err) { // it is there again, and the same run would end as this one
		c.fail(Problem{Message: "The tab ran out of memory.", Advice: noMemory})
		return nil
	}
	c.fail(Problem{
		Message: "The engine went away.",
		Advice:  s.Engine.Advice,
		Lost:    true,
	})
	if s.MetaPhase == Failed {
		return nil
	}
	s.MetaPhase, s.MetaError = Failed, a.Err.Error()
	return []Effect{AskMeta{After: retryAfter}}
}

// Replay is the state of a page on which a run has come as far as events.
func Replay(model string, events []trace.Event, views []View) Snapshot {
	s := New(DefaultPlace(), views)
	s.MetaPhase = Done
	s.Columns[0].Status = Waiting{Gen: 1, Request: run.Request{Model: model}, Next: &picture.Run{}}
	Arrived{Side: 0, Gen: 1, Events: events}.apply(&s)
	return s
}
