package state

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/figures"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// Questions holds the answers of the columns to several questions, each asked by a run of its
// own: of one compressed cache where entries are evicted before the question.
type Questions struct {
	Phase    Phase // "" before they are asked
	Gen      int
	Keys     []string
	Requests []run.Request        // one a column
	Answers  [][]figures.Answered // by column, so far; replaced, never changed
	Problem  string
}

// AskQuestions asks each of the requests for each of the keys, one after the other.
type AskQuestions struct {
	Gen      int
	Requests []run.Request
	Keys     []string
}

func (AskQuestions) effect() {}

// mostKeys is how many needles of a task that does not ask for all of them are asked for.
const mostKeys = 8

// keys lists what a form with own text asks for, the key first: one a line of Questions.
func (f Form) keys() []string {
	if f.Source != FromText || f.RULER() || strings.TrimSpace(f.Value) != "" {
		return nil
	}
	keys := []string{strings.TrimSpace(f.Key)}
	for line := range strings.Lines(f.Questions) {
		if line = strings.TrimSpace(line); line != "" {
			keys = append(keys, line)
		}
	}
	return keys
}

// questions complains about the keys of a form.
func (f Form) questions(p Problems) {
	keys := f.keys()
	if len(keys) > run.MaxQuestions {
		p["questions"] = fmt.Sprintf("more than the %d questions allowed", run.MaxQuestions)
	}
	for i, key := range keys {
		if key != "" && slices.Contains(keys[:i], key) {
			p["questions"] = "“" + key + "” is asked twice, want each key once"
		}
	}
}

// keysOf lists the keys that a run's task asks for, or where that is one all that its text
// has, if they are few.
func keysOf(h *trace.Header) []string {
	var asked, all []string
	for _, n := range h.Needles {
		if !slices.Contains(all, n.Key) {
			all = append(all, n.Key)
		}
		if n.Queried && !slices.Contains(asked, n.Key) {
			asked = append(asked, n.Key)
		}
	}
	switch {
	case len(asked) > 1:
		return asked
	case len(all) <= mostKeys:
		return all
	}
	return nil
}

// Askable lists the keys that can be asked of the runs on the screen beside each other, none
// before these are over or where there is no more than one; those of a task only where one of
// them has evicted before the question. Problem says why not, where each question about an own
// text would have another cache.
func (s *Snapshot) Askable() (keys []string, problem string) {
	task, compressed := false, false
	for side := range s.Shown() {
		f, over := s.Columns[side].Status.(Finished)
		asked, live := f.Of.(Asked)
		h := f.header()
		switch {
		case !over || !live || h == nil || h.Arch == run.ArchCapture || h.Task == niah.PromptID || h.Task == niah.RULERID:
			return nil, ""
		case asked.Request.Task != "":
			keys, task = keysOf(h), true
		default:
			keys = s.Form.keys()
		}
		compressed = compressed || h.Phase == sparse.PhaseEvict && h.EvictedAt != nil
		if h.Phase == sparse.PhaseEvict && h.EvictedAt == nil {
			problem = s.Names()[side].Short + " evicts after the question, so that each question would leave another cache: choose to evict before it"
		}
	}
	if len(keys) < 2 || task && (!compressed || problem != "") {
		return nil, ""
	}
	return keys, problem
}

func (c Content) header() *trace.Header {
	if c.Run == nil {
		return nil
	}
	return c.Run.Header
}

// AskEach asks for each key that there is.
type AskEach struct{}

func (AskEach) apply(s *Snapshot) []Effect {
	keys, problem := s.Askable()
	if len(keys) == 0 || problem != "" {
		return nil
	}
	effects := s.Questions.cancel()
	s.runs++
	q := Questions{Phase: Loading, Gen: s.runs, Keys: keys}
	for side := range s.Shown() {
		q.Requests = append(q.Requests, s.Columns[side].Request())
	}
	q.Answers = make([][]figures.Answered, len(q.Requests))
	s.Questions = q
	return append(effects, AskQuestions{Gen: q.Gen, Requests: q.Requests, Keys: keys})
}

// askQuestions asks the questions of an own text once its runs are over.
func (s *Snapshot) askQuestions() []Effect {
	if s.Questions.Phase != "" || s.Running() || s.MetaPhase != Done || s.Form.Source != FromText {
		return nil
	}
	return AskEach{}.apply(s)
}

// QuestionAnswered hands in one answer.
type QuestionAnswered struct {
	Gen, Column int
	Answer      figures.Answered
}

func (a QuestionAnswered) apply(s *Snapshot) []Effect {
	if q := &s.Questions; a.Gen == q.Gen && a.Column < len(q.Answers) {
		q.Answers = slices.Clone(q.Answers)
		q.Answers[a.Column] = append(slices.Clone(q.Answers[a.Column]), a.Answer)
	}
	return nil
}

// QuestionsEnded says that no more answers come, with the reason when some are missing.
type QuestionsEnded struct {
	Gen int
	Err error
}

func (a QuestionsEnded) apply(s *Snapshot) []Effect {
	if a.Gen != s.Questions.Gen {
		return nil
	}
	s.Questions.Phase = Done
	if a.Err != nil {
		s.Questions.Phase, s.Questions.Problem = Failed, a.Err.Error()
	}
	return nil
}

// CloseQuestions stops those under way, and puts the answers away.
type CloseQuestions struct{}

func (CloseQuestions) apply(s *Snapshot) []Effect {
	effects := s.Questions.cancel()
	s.Questions = Questions{}
	return effects
}

// GoToQuestion shows the run of one of the questions. Of an own text, the key before takes its
// place in the list; of a task, the one that is shown gives way to what the task asks.
type GoToQuestion struct{ Key string }

func (a GoToQuestion) apply(s *Snapshot) []Effect {
	if s.Form.Source == FromTask {
		if !slices.Contains(s.Questions.Keys, a.Key) {
			return nil
		}
		if a.Key == s.Form.Asks {
			a.Key = ""
		}
		s.Draft = s.Form.With("asks", a.Key)
		return Submit{}.start(s, true)
	}
	keys := s.Form.keys()
	i := slices.Index(keys, a.Key)
	if i < 1 {
		return nil
	}
	keys[i] = keys[0]
	s.Draft = s.Form.With("key", a.Key).With("questions", strings.Join(keys[1:], "\n"))
	return Submit{}.start(s, true)
}

func (q Questions) cancel() []Effect {
	if q.Phase != Loading {
		return nil
	}
	return []Effect{Cancel{Gen: q.Gen}}
}

// unasked puts answers away that are of other requests than the columns show now, whichever
// of the questions these ask.
func (s *Snapshot) unasked() []Effect {
	q := s.Questions
	if q.Phase == "" {
		return nil
	}
	same := len(q.Requests) == s.Shown()
	for side := range min(len(q.Requests), s.Shown()) {
		is, was := s.Columns[side].Request(), q.Requests[side]
		is.Key, was.Key = "", ""
		if is.Task == "" {
			same = same && slices.Equal(slices.Sorted(slices.Values(s.Form.keys())), slices.Sorted(slices.Values(q.Keys)))
		}
		same = same && is.Equal(was)
	}
	if same {
		return nil
	}
	return CloseQuestions{}.apply(s)
}
