package state

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
)

// Name is the name of a column in several lengths.
type Name struct {
	Whole string // as Full, with the name that the model was given
	Full  string // its model, and what tells it from the other columns
	Short string // the least that does
	How   string // how its cache was read: "Quest at 1/8"
	Rest  string // what of How Full does not say
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
		n.Whole = strings.Join(append([]string{s.title(side, s.modelName(side))}, apart...), " · ")
		switch count := len(parts) - len(slices.DeleteFunc(slices.Clone(parts), same)); {
		case count == 1 || len(apart) == 0:
			n.Short = s.overTitle(side, own[0])
		case count == len(parts): // of one model: what is done with it tells them apart
			n.Short = strings.Join(apart, " · ")
		default:
			n.Short = n.Full
		}
		n.How = s.how(side)
		n.Rest = n.How
		if method, budget := own[1], own[2]; slices.Contains(apart, method) {
			n.Rest = strings.TrimLeft(strings.TrimPrefix(n.How, method), ", ")
			if slices.Contains(apart, budget) {
				n.Rest = strings.TrimSpace(strings.TrimSuffix(n.Rest, "at "+budget))
			}
		}
	}
	return out
}

// nameParts lists the settings of a column that columns may differ in, the model first.
func (s *Snapshot) nameParts(side int) []string {
	c := &s.Columns[side]
	h := c.header()
	if h == nil {
		return []string{s.shortTitle(side), "", "", "", ""}
	}
	budget := ""
	if h.Method != "" {
		budget = number.Budget(h.Budget)
	}
	return []string{s.shortTitle(side), sparse.Title(h.Method), budget, s.memoryUse(h), c.File()}
}

// header returns the header of the run that the column pictures, nil before there is one.
func (c *Column) header() *trace.Header {
	if r := c.Pictured(); r != nil {
		return r.Header
	}
	return nil
}

// title is that of a column's model under a name.
func (s *Snapshot) title(side int, name string) string {
	if h := s.Columns[side].header(); h != nil {
		return titled(h.ArchTitle(), name, h.Arch)
	}
	if m := s.Model(s.Form.Model(side)); m != nil {
		return titled(m.Title, name, m.Arch)
	}
	return name
}

// modelName is the name that the model of a column was given.
func (s *Snapshot) modelName(side int) string {
	c := &s.Columns[side]
	if h := c.header(); h != nil {
		return c.PicturedOf().model(h)
	}
	return s.Form.Model(side)
}

// shortTitle names the model of a column beside others of the same base by its name, or by
// what lies over the base: "SmolLM2 + memory". Elsewhere it is the title and the name, where
// the title does not say it.
func (s *Snapshot) shortTitle(side int) string {
	name := s.modelName(side)
	base, over, joined := strings.Cut(name, run.AdapterJoint)
	adapted, again := joined, false // whether some of the base's columns have an adapter, whether there are others
	for other := range s.Shown() {
		if of, _, also := strings.Cut(s.modelName(other), run.AdapterJoint); other != side && of == base {
			adapted, again = adapted || also, true
		}
	}
	title := s.title(side, inTheMiddle(base))
	switch {
	case joined:
		return inTheMiddle(base) + " + " + inTheMiddle(over)
	case adapted, again && strings.HasSuffix(title, " · "+inTheMiddle(base)):
		return inTheMiddle(base)
	}
	return title
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

// overTitle is what lies over the base of a column's model, where others have the base too,
// or else its title.
func (s *Snapshot) overTitle(side int, title string) string {
	if base, over, joined := strings.Cut(title, " + "); joined {
		for other := range s.Shown() {
			if other != side && s.shortTitle(other) == base {
				return "+" + over
			}
		}
	}
	return title
}

// longName is how many letters of a name fit into the heading of a column.
const longName = 24

// inTheMiddle leaves out the middle of a name that is too long: models of a kind are often
// told apart by how their names begin and end.
func inTheMiddle(name string) string {
	letters := []rune(name)
	if len(letters) <= longName {
		return name
	}
	return string(letters[:longName/2]) + "…" + string(letters[len(letters)-longName/2+1:])
}

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
	how := sparse.Title(h.Method)
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

// Title names the browser's tab by what is on the screen.
func (s *Snapshot) Title() string {
	h := s.Columns[0].header()
	if h == nil || h.Method == "" {
		return "kvscope"
	}
	return h.Asked() + " · " + s.how(0) + " · kvscope"
}

// ModelTitle is the name for people of the model called name: its title, and its own name too
// where that is not its backbone's; m is nil where it is not known.
func ModelTitle(m *run.ModelInfo, name string) string {
	if m == nil {
		return name
	}
	return titled(m.Title, m.Name, m.Arch)
}
