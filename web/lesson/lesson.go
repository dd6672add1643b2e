package lesson

import (
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/run"
)

// withMemory is the model whose memory lessons change.
const withMemory = run.DemoMemory

// Lesson is one chapter of the lecture.
type Lesson struct {
	ID      string // in addresses
	Title   string
	Summary string // one sentence: what one knows afterwards
	Sources []Source
	Steps   []Step
}

// Source is where what a lesson says comes from.
type Source struct{ Title, URL string }

// Step is one picture of a lesson.
type Step struct {
	Title string
	// Query is the address of the explorer that the step shows.
	Query string
	// Text has a paragraph each. A term in braces, as in {block}, links to the glossary.
	Text []string
	// Look names the part of the page that is pointed out: one of Places.
	Look    string
	Formula *Formula
	// Predict is asked before the picture is shown: until it is answered the step before
	// stays on the screen.
	Predict *Prediction
	Notes   string // for who presents it
	Claims  []Claim
}

// Prediction is a question about a picture that is not shown yet.
type Prediction struct {
	Question string
	Options  []string
	Right    int    // index of the option that the picture shows
	Because  string // why, from what is on the screen
}

// Formula is a formula in words and in MathML.
type Formula struct {
	Words  string // what it says, for who cannot see it
	MathML string // a whole math element
}

// All lists the lessons in the order of the lecture.
func All() []Lesson {
	return []Lesson{retrieval(), cost(), quest(), moba(), eviction(), memory(), selection(), states()}
}

// Find is the lesson called id.
func Find(id string) (Lesson, bool) {
	all := All()
	i := slices.IndexFunc(all, func(l Lesson) bool { return l.ID == id })
	if i < 0 {
		return Lesson{}, false
	}
	return all[i], true
}

// At is a place in the lecture: a lesson and the number of a step from 0. The zero value
// is outside it.
type At struct {
	Lesson string
	Step   int
}

// String writes a as addresses have it, counting from 1: "quest.3"; "" outside the lecture.
func (a At) String() string {
	if a.Lesson == "" {
		return ""
	}
	return a.Lesson + "." + strconv.Itoa(a.Step+1)
}

// ParseAt reads what String wrote. What is no place in the lecture is outside it.
func ParseAt(text string) At {
	id, number, _ := strings.Cut(text, ".")
	l, ok := Find(id)
	n, err := strconv.Atoi(number)
	if number == "" {
		n, err = 1, nil
	}
	if !ok || err != nil || n < 1 || n > len(l.Steps) {
		return At{}
	}
	return At{id, n - 1}
}

// On is the place so many steps on, from the last step of a lesson to the first of the
// next; a itself where there is none.
func (a At) On(by int) At {
	all := All()
	i := slices.IndexFunc(all, func(l Lesson) bool { return l.ID == a.Lesson })
	if i < 0 {
		return a
	}
	switch n := a.Step + by; {
	case n >= 0 && n < len(all[i].Steps):
		return At{a.Lesson, n}
	case n < 0 && i > 0:
		return At{all[i-1].ID, len(all[i-1].Steps) - 1}
	case n > 0 && i+1 < len(all):
		return At{all[i+1].ID, 0}
	}
	return a
}

// Find is the lesson and the step at a.
func (a At) Find() (Lesson, Step, bool) {
	if a == (At{}) {
		return Lesson{}, Step{}, false // as nearly always, and asked with every movement of the pointer
	}
	l, ok := Find(a.Lesson)
	if !ok || a.Step < 0 || a.Step >= len(l.Steps) {
		return Lesson{}, Step{}, false
	}
	return l, l.Steps[a.Step], true
}

// Before is the address that stays on the screen until the prediction of the step at a is
// made: that of the step before it.
func (a At) Before() string {
	l, step, ok := a.Find()
	if !ok || a.Step == 0 {
		return step.Query
	}
	return l.Steps[a.Step-1].Query
}
