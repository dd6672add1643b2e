package chart

import (
	"cmp"
	"slices"
)

// Kind is the form of a chart.
type Kind string

// The forms.
const (
	Lines Kind = "lines" // values over categories, or over X where there are none
	Bars  Kind = "bars"  // values side by side over categories
	Map   Kind = "map"   // a value for every category and level
)

// View is the study that a chart belongs to.
type View string

// The views, in the order to offer them.
const (
	Accuracy View = "accuracy" // Figure 1, Tables 3 and 4
	Heads    View = "heads"    // Figures 2 to 4
	Chance   View = "chance"   // Table 5
	Swaps    View = "swap"     // the 2 × 2 swap
	Depth    View = "depth"
)

// Chart is one picture. Values are percentages.
type Chart struct {
	ID         string   `json:"id"`
	View       View     `json:"view"`
	Kind       Kind     `json:"kind"`
	Title      string   `json:"title"`
	Method     string   `json:"method"`           // by its ID, with its block size
	MethodName string   `json:"method_name"`      // the same as it is called
	Budget     string   `json:"budget,omitempty"` // where the chart is of one
	XName      string   `json:"x_name"`
	YName      string   `json:"y_name"`
	Categories []string `json:"categories,omitempty"` // along x; without, x counts from 1 to XMax
	XMax       float64  `json:"x_max,omitempty"`
	Levels     []string `json:"levels,omitempty"` // along y, of a Map
	Series     []Series `json:"series"`
}

// Series is the points of one model, ours or the paper's.
type Series struct {
	Name   string  `json:"name"`
	Colour string  `json:"colour"` // name of a custom property, without the dashes
	Paper  bool    `json:"paper,omitempty"`
	Points []Point `json:"points"`
}

// gap parts the points of series that share a category, in categories: wide enough
// for two whiskers to be told apart, narrow enough to stay with the category. Along
// an axis of numbers points stay where they belong and whiskers are parted by
// whiskerGap.
const (
	gap        = 0.14
	whiskerGap = 0.2
)

// Aside is how far the points and the whiskers of series i of a Lines chart stand
// from their places along x, so that those of one model do not hide another's. The
// paper's values, which have no whiskers, stand where they belong.
func (c Chart) Aside(i int) (points, whiskers float64) {
	if c.Series[i].Paper {
		return 0, 0
	}
	var ours, before float64
	for j, s := range c.Series {
		if s.Paper {
			continue
		}
		ours++
		if j < i {
			before++
		}
	}
	place := before - (ours-1)/2
	if c.Categories == nil {
		return 0, place * whiskerGap
	}
	aside := place * min(gap, 0.6/ours)
	return aside, aside
}

// BarShare is how much of a category's width its bars take together.
const BarShare = 0.7

// Point is one value.
type Point struct {
	X     float64 `json:"x"` // index of the category, or x itself
	Level int     `json:"level,omitempty"`
	Y     float64 `json:"y"`
	Low   float64 `json:"low"` // of the whisker; equal to High for none
	High  float64 `json:"high"`
	N     int     `json:"n,omitempty"` // examples behind it, of a Map
	About string  `json:"about"`       // in words
	Ref   *Ref    `json:"ref,omitempty"`
}

// Ref names the row of an experiment that a point shows.
type Ref struct {
	Model    string `json:"model"`
	Task     string `json:"task"`
	Method   string `json:"method"`
	Selector string `json:"selector"`
	Swap
	Params map[string]string `json:"params"` // of the method, all there are
	// Depths bounds the needle depths of the examples that the point shows, in 0..1;
	// nil: all depths.
	Depths *[2]float64 `json:"depths,omitempty"`
}

// Swap says which use of a memory was taken away from a model: fields are empty, or
// "plain".
type Swap struct {
	SelectWith  string `json:"select_with,omitempty"`
	ComputeWith string `json:"compute_with,omitempty"`
}

// Row is one row of an experiment: a Ref and what it came to, accuracies in 0..1.
type Row struct {
	Ref
	Budget    float64
	Whole     bool   // everything is read
	Block     int    // tokens in a block
	Name      string // what the method is called
	Setup     string // how it is set up beyond the budget, in words: "blocks of 16"; "" for as it is by default
	Called    string // what the model is called; "" for its name
	Memory    bool   // keys and values of the model pass a memory
	Unit      string // what the method selects: block or token
	Context   int
	Accuracy  float64
	Low, High float64 // 95% interval
	Std       float64 // over Seeds
	Seeds     int
	Examples  int
}

// subject is whose values a series shows: a model as it was trained, or with a use
// of its memory taken away.
type subject struct {
	model, called string
	memory        bool
	swap          Swap
}

func (r Row) subject() subject { return subject{r.Model, cmp.Or(r.Called, r.Model), r.Memory, r.Swap} }

// swapColours gives states with the memory blue and those without gold.
var swapColours = map[Swap]string{{SelectWith: "plain"}: "seq-4", {ComputeWith: "plain"}: "gold-ink", {"plain", "plain"}: "gold"}

// colour gives a subject its colour among the subjects of a picture.
func (s subject) colour(all []subject) string {
	if c, swapped := swapColours[s.swap]; swapped {
		return c
	}
	return s.plainColour(unique(all, subject.trained))
}

// plainColour is the colour of a model among all: one for the first of those without a
// memory and one for the first with, others for the rest.
func (s subject) plainColour(models []subject) string {
	spare := []string{"right", "gold-ink", "edge", "seq-4"}
	i := slices.IndexFunc(models, func(m subject) bool { return m.model == s.model })
	first := slices.IndexFunc(models, func(m subject) bool { return m.memory == s.memory })
	switch {
	case i != first:
		return spare[i%len(spare)]
	case s.memory:
		return "accent"
	}
	return "ink-3"
}

// trained is the subject as it was trained.
func (s subject) trained() subject {
	s.swap = Swap{}
	return s
}

// name is how a subject is called.
func (s subject) name() string {
	name := s.called
	if s.swap.SelectWith != "" {
		name += ", picks by K"
	}
	if s.swap.ComputeWith != "" {
		name += ", reads K, V"
	}
	return name
}
