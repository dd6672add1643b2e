package state

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
)

// Name is the name of a column in three lengths.
type Name struct {
	Full  string // its model, and what tells it from the other columns
	Short string // the least that does
	How   string // how its cache was read: "Quest at 1/8"
}

// Names are the names of the columns on the screen: no two are the same.
func (s *Snapshot) Names() []Name {
	parts := make([][]string, s.Shown())
	for side := range parts {
		parts[side] = s.nameParts(side)
	}
	out := make([]Name, len(parts))
	for side, own := range parts {
		apart := []string{}
		for i := 1; i < len(own); i++ {
			if own[i] != "" && slices.ContainsFunc(parts, func(p []string) bool { return p[i] != own[i] }) {
				apart = append(apart, own[i])
			}
		}
		same := func(p []string) bool { return p[0] == own[0] }
		alike := slices.DeleteFunc(slices.Clone(parts), func(p []string) bool { return !slices.Equal(p, own) })
		if len(alike) > 1 {
			apart = append(apart, "column "+strconv.Itoa(side+1))
		}
		n := &out[side]
		n.Full = strings.Join(append([]string{own[0]}, apart...), " · ")
		switch count := len(parts) - len(slices.DeleteFunc(slices.Clone(parts), same)); {
		case count == 1 || len(apart) == 0:
			n.Short = own[0]
		case count == len(parts): // of one model: what is done with it tells them apart
			n.Short = strings.Join(apart, " · ")
		default:
			n.Short = n.Full
		}
		n.How = s.how(side)
	}
	return out
}

// nameParts lists the settings of a column that columns may differ in, the model first.
func (s *Snapshot) nameParts(side int) []string {
	c := &s.Columns[side]
	h := c.header()
	if h == nil {
		return []string{s.titleOf(s.Form.Model(side)), "", "", "", ""}
	}
	budget := ""
	if h.Method != "" {
		budget = number.Budget(h.Budget)
	}
	return []string{s.modelTitle(c, h), MethodName(h.Method), budget, s.memoryUse(h), c.File()}
}

// header returns the header of the run that the column pictures, nil before there is one.
func (c *Column) header() *trace.Header {
	if r := c.Pictured(); r != nil {
		return r.Header
	}
	return nil
}

// modelTitle names the model of a run, by its own name too where the title is not it.
func (s *Snapshot) modelTitle(c *Column, h *trace.Header) string {
	return titled(h.ArchTitle(), c.PicturedOf().model(h), h.Arch)
}

// titled is a title, and by which of its name the model is told from others of the title: a
// step of training as "RAT+ @2699".
func titled(title, name, arch string) string {
	if title == "" {
		return name
	}
	of, step, ok := run.CutStep(name)
	if of != "" && of != arch {
		title += " · " + of
	}
	if ok {
		title += " @" + strconv.Itoa(step)
	}
	return title
}

// titleOf names a model that has not run yet.
func (s *Snapshot) titleOf(name string) string { return ModelTitle(s.Model(name), name) }

// memoryUse says by which keys blocks are picked and which keys and values attention reads,
// where any column does otherwise than it was trained to.
func (s *Snapshot) memoryUse(h *trace.Header) string {
	changed := func(c Column) bool {
		h := c.header()
		return h != nil && h.Intervention != nil && (h.Intervention.SelectWith == run.WithPlain || h.Intervention.ComputeWith == run.WithPlain)
	}
	if !h.HasMemory() || !slices.ContainsFunc(s.Columns[:], changed) {
		return ""
	}
	picks, reads := "K̃", "K̃Ṽ"
	if c := h.Intervention; c != nil {
		if c.SelectWith == run.WithPlain {
			picks = "K"
		}
		if c.ComputeWith == run.WithPlain {
			reads = "KV"
		}
	}
	return picks + " → " + reads
}

// how says how the cache of a column's run was read.
func (s *Snapshot) how(side int) string {
	c := &s.Columns[side]
	h := c.header()
	if h == nil || h.Method == "" {
		return ""
	}
	how := MethodName(h.Method)
	asked, live := c.PicturedOf().(Asked)
	if live && asked.Request.Selector == sparse.SelectorRandom {
		how += ", random blocks"
	}
	info, _ := sparse.Method(h.Method)
	_, picksK := info.Param("k")
	switch {
	case live && s.Form.Get("k") != "" && picksK:
		how += ", K = " + strconv.Itoa(h.K)
	case h.Budget != 1:
		how += " at " + number.Budget(h.Budget)
	}
	return how
}

// Prompt says what a run was asked, in few words: its task and seed.
func Prompt(h *trace.Header) string {
	switch h.Task {
	case "", niah.CustomID:
		return "own text"
	case niah.PromptID:
		return "free prompt"
	case niah.RULERID:
		return "RULER, example " + strconv.FormatUint(h.Seed, 10)
	}
	return h.Task + ", seed " + strconv.FormatUint(h.Seed, 10)
}

// Title names the browser's tab by what is on the screen.
func (s *Snapshot) Title() string {
	h := s.Columns[0].header()
	if h == nil || h.Method == "" {
		return "kvscope"
	}
	return Prompt(h) + " · " + s.how(0) + " · kvscope"
}

// ModelTitle is the name for people of the model called name: its title, and its own name too
// where that is not its backbone's; m is nil where it is not known.
func ModelTitle(m *run.ModelInfo, name string) string {
	if m == nil {
		return name
	}
	return titled(m.Title, m.Name, m.Arch)
}

// MethodName is the name of a method for people, its ID where it is not known.
func MethodName(id string) string {
	if info, ok := sparse.Method(id); ok {
		return info.Name
	}
	return id
}
