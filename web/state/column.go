package state

import (
	"maps"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/seeds"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/picture"
)

// Column is one run beside others, of a model with a method.
type Column struct {
	Status  Status
	Version int // grows with every change of what is pictured
	// Unopened is why a file could not be opened here; what the column shows is another.
	Unopened Problem
	Base     *Base // what the run is compared with, nil when nothing is forced or dropped
	notes    notes
}

// notes is word of the engine about a run that is not among its events.
type notes struct {
	gen      int             // which start it is about
	waits    api.RunProgress // what the run waits for, while nothing of it has been picked
	recorded bool            // it was computed when the site was made, not now
}

// Waits is the progress of the work that the run under way waits for.
func (c *Column) Waits() api.RunProgress {
	if c.notes.gen != c.Gen() {
		return api.RunProgress{}
	}
	return c.notes.waits
}

// Recorded reports whether the run was computed when the site was made, not now.
func (c *Column) Recorded() bool { return c.notes.recorded && c.notes.gen == c.Gen() }

// Status is the state of a column's run: one of Empty, Opening, Waiting, Answering,
// Finished, Stopped and Broken. Nil is Empty.
type Status interface{ phase() Phase }

// Empty has shown nothing yet.
type Empty struct{}

// Opening is about to show a file that was open before a reload.
type Opening struct{ File string }

// Waiting has asked for a run of which nothing is on the screen yet.
type Waiting struct {
	Gen     int // which start this is
	Request run.Request
	Next    *picture.Run // what came of it so far
	Before  *Content     // still on the screen, nil for nothing
	Preview *picture.Run // what Request picks by the scores of Before, nil where they do not tell
}

// Answering shows a run that goes on.
type Answering struct{ Content }

// Finished shows a run that is over, or a file.
type Finished struct{ Content }

// Stopped was ended by hand.
type Stopped struct{ Attempt }

// Broken has failed.
type Broken struct {
	Attempt
	Problem Problem
}

// Attempt is a run that did not come to its end.
type Attempt struct {
	Gen     int
	Request run.Request
	On      *Content // on the screen, nil for nothing
	Stale   bool     // which is not of Request
}

func (Empty) phase() Phase     { return Idle }
func (Opening) phase() Phase   { return Loading }
func (Waiting) phase() Phase   { return Loading }
func (Answering) phase() Phase { return Loading }
func (Finished) phase() Phase  { return Done }
func (Stopped) phase() Phase   { return Idle }
func (Broken) phase() Phase    { return Failed }

// Content is a run on the screen.
type Content struct {
	Run       *picture.Run
	Gen       int
	Of        Origin
	HeadData  map[picture.Head]HeadData // what was asked for of its heads; replaced, never changed
	Previewed bool                      // it was previewed
	of, dense asking                    // the request, and the one that reads everything; zero where nothing is scored
}

// scored reports whether the run is of a request whose answer is scored.
func (c *Content) scored() bool { return c.of != (asking{}) }

// answer is the score and the hits of the run, which is done.
func (c *Content) answer() Answer {
	return Answer{Phase: Done, Score: c.Run.Done.Score, Hits: c.Run.Done.Hits}
}

// Origin is where a run comes from: Asked or File.
type Origin interface{ model(h *trace.Header) string }

// Asked is a run that the engine was asked for.
type Asked struct{ Request run.Request }

// File is a run that was opened from one.
type File struct {
	Name  string
	Heads lens.Heads // nil when it has none
}

func (a Asked) model(*trace.Header) string { return a.Request.Model }
func (File) model(h *trace.Header) string  { return h.Model }

// Base is a run with nothing forced or dropped, which is done or goes on.
type Base struct {
	Run     *picture.Run
	Request run.Request
	gen     int // of its own start, 0 where it had none
}

// HeadData is a look into a head.
type HeadData struct {
	Phase   Phase // Loading, Done or Failed
	Head    *lens.HeadTensors
	Problem string
}

// Problem is why a column failed.
type Problem struct {
	Message string
	Advice  string // what to do about it
	Lost    bool   // the engine could not be reached or went away
}

// become changes what the column is doing.
func (c *Column) become(s Status) {
	c.Status = s
	c.Version++
}

// Phase is where the column stands, in a word.
func (c *Column) Phase() Phase {
	if c.Status == nil {
		return Idle
	}
	return c.Status.phase()
}

// On is the content on the screen, nil for none.
func (c *Column) On() *Content {
	switch s := c.Status.(type) {
	case Waiting:
		return s.Before
	case Answering:
		return &s.Content
	case Finished:
		return &s.Content
	case Stopped:
		return s.On
	case Broken:
		return s.On
	}
	return nil
}

// Run is the run on the screen, nil for none.
func (c *Column) Run() *picture.Run {
	if on := c.On(); on != nil {
		return on.Run
	}
	return nil
}

// Preview holds the picks predicted of the run that is waited for, nil when there are none.
func (c *Column) Preview() *picture.Run {
	if w, waits := c.Status.(Waiting); waits {
		return w.Preview
	}
	return nil
}

// Pictured is the run that the pictures of the column show: the preview while there is one,
// else the run itself.
func (c *Column) Pictured() *picture.Run {
	if p := c.Preview(); p != nil {
		return p
	}
	return c.Run()
}

// PicturedOf is where what is pictured comes from, nil without any.
func (c *Column) PicturedOf() Origin {
	if w, waits := c.Status.(Waiting); waits && w.Preview != nil {
		return Asked{w.Request}
	}
	if on := c.On(); on != nil {
		return on.Of
	}
	return nil
}

// Stale reports whether the run on the screen is not the one last asked for.
func (c *Column) Stale() bool {
	switch s := c.Status.(type) {
	case Waiting:
		return true
	case Stopped:
		return s.Stale
	case Broken:
		return s.Stale
	}
	return false
}

// Gen is which start the column is of, 0 for none.
func (c *Column) Gen() int {
	switch s := c.Status.(type) {
	case Waiting:
		return s.Gen
	case Broken:
		return s.Gen
	case Answering:
		return s.Gen
	case Finished:
		return s.Gen
	}
	return 0
}

// Model is the model last asked for, or that of a file.
func (c *Column) Model() string {
	switch s := c.Status.(type) {
	case Waiting:
		return s.Request.Model
	case Stopped:
		return s.Request.Model
	case Broken:
		return s.Request.Model
	}
	if on := c.On(); on != nil {
		return on.Of.model(on.Run.Header)
	}
	return ""
}

// Request is the request of the latest run, the zero value of a file and of an empty column.
func (c *Column) Request() run.Request {
	switch s := c.Status.(type) {
	case Waiting:
		return s.Request
	case Stopped:
		return s.Request
	case Broken:
		return s.Request
	}
	if on := c.On(); on != nil {
		if asked, ok := on.Of.(Asked); ok {
			return asked.Request
		}
	}
	return run.Request{}
}

// File is the name of the file that the column shows or is about to, else "".
func (c *Column) File() string {
	switch s := c.Status.(type) {
	case Opening:
		return s.File
	case Finished:
		if f, opened := s.Of.(File); opened {
			return f.Name
		}
	}
	return ""
}

// Problem is why the column failed.
func (c *Column) Problem() Problem {
	if b, broken := c.Status.(Broken); broken {
		return b.Problem
	}
	return Problem{}
}

// BaseRun is the run with nothing forced or dropped, nil when nothing is.
func (c *Column) BaseRun() *picture.Run {
	if c.Base == nil {
		return nil
	}
	return c.Base.Run
}

// HeadData returns the tensors of a head as far as they have been asked for.
func (c *Column) HeadData(head picture.Head) HeadData {
	if on := c.On(); on != nil {
		return on.HeadData[head]
	}
	return HeadData{}
}

// setHeadData notes what a head of a finished run saw.
func (c *Column) setHeadData(head picture.Head, data HeadData) {
	if f, over := c.Status.(Finished); over {
		f.HeadData = maps.Clone(f.HeadData)
		if f.HeadData == nil {
			f.HeadData = map[picture.Head]HeadData{}
		}
		f.HeadData[head] = data
		c.Status = f
	}
}

// attempt keeps of the run under way what a column shows when it ends early.
func (c *Column) attempt() Attempt {
	switch s := c.Status.(type) {
	case Waiting:
		return Attempt{Gen: s.Gen, Request: s.Request, On: s.Before, Stale: true}
	case Answering:
		a := Attempt{Gen: s.Gen, On: &s.Content}
		if asked, ok := s.Of.(Asked); ok {
			a.Request = asked.Request
		}
		return a
	}
	return Attempt{On: c.On()}
}

// underWay is the run that goes on and its start, nil for none.
func (c *Column) underWay() (r *picture.Run, gen int) {
	switch s := c.Status.(type) {
	case Waiting:
		return s.Next, s.Gen
	case Answering:
		return s.Run, s.Gen
	}
	return nil, 0
}

// take puts the run that is waited for on the screen once it has something to show: its
// header, or where a preview stands its first picks.
func (c *Column) take() {
	w, waits := c.Status.(Waiting)
	if !waits || w.Preview != nil && w.Next.LineCount() == 0 && w.Next.Done == nil {
		return
	}
	c.Status = Answering{Content{Run: w.Next, Gen: w.Gen, Of: Asked{w.Request}, Previewed: w.Preview != nil}}
}

// finish ends the run under way of a column well.
func (s *Snapshot) finish(c *Column) {
	a, answers := c.Status.(Answering)
	if !answers {
		return
	}
	if asked, live := a.Of.(Asked); live && len(a.Run.Header.Expected) > 0 {
		a.of, a.dense = askingOf(asked.Request), askingOf(seeds.Dense(asked.Request))
	}
	c.Status = Finished(a)
	if a.scored() {
		s.know(a.of, a.answer())
	}
}
