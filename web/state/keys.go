package state

import (
	"slices"

	"kvscope/web/lesson"
	"kvscope/web/picture"
)

// Key is one entry of the keyboard.
type Key struct {
	Keys  []string // as browsers name them
	Shift bool
	Label string // as the list of keys writes them
	About string
	Do    func(s *Snapshot) Action
}

// Always makes the Do of a key that does the same in every state.
func Always(a Action) func(*Snapshot) Action { return func(*Snapshot) Action { return a } }

// Keys lists what the keyboard does, the keys of the views among it.
func (s *Snapshot) Keys() []Key {
	keys := s.ownKeys()
	for _, v := range s.Views {
		keys = append(keys, v.Keys...)
	}
	return keys
}

// ownKeys lists the keys that are no view's.
func (s *Snapshot) ownKeys() []Key {
	return []Key{
		{Keys: []string{"ArrowLeft"}, Label: "←", About: "previous step", Do: Always(Step{-1})},
		{Keys: []string{"ArrowRight"}, Label: "→", About: "next step", Do: Always(Step{1})},
		{Keys: []string{"Home"}, Label: "Home", About: "first step", Do: Always(GoTo{0})},
		{Keys: []string{"End"}, Label: "End", About: "back to the step the run suggests", Do: Always(GoTo{Auto})},
		{Keys: []string{"ArrowUp"}, Label: "↑", About: "lock the head before", Do: Always(MoveHead{-1})},
		{Keys: []string{"ArrowDown"}, Label: "↓", About: "lock the next head", Do: Always(MoveHead{1})},
		{Keys: []string{"ArrowUp"}, Shift: true, Label: "⇧ ↑", About: "the same head, a layer down", Do: Always(MoveLayer{-1})},
		{Keys: []string{"ArrowDown"}, Shift: true, Label: "⇧ ↓", About: "the same head, a layer up", Do: Always(MoveLayer{1})},
		{Keys: []string{"Escape"}, Label: "Esc", About: "close this list, or let the head go", Do: escapeKey},
		{Keys: []string{" "}, Label: "Space", About: "run, or stop", Do: runOrStop},
		{Keys: []string{"p"}, Label: "p", About: "play the steps one after the other", Do: Always(TogglePlay{})},
		{Keys: []string{"m"}, Label: "m", About: "colour the heads by the next metric", Do: nextMetric},
		{Keys: []string{"v"}, Label: "v", About: "the next view: " + s.viewTitles(), Do: nextView},
		{Keys: []string{"w"}, Label: "w", About: "let the view fill its column", Do: Always(Toggle{"wide"})},
		{Keys: []string{"r"}, Label: "r", About: "heads as a grid, or ranked", Do: Always(Toggle{"ranked"})},
		{Keys: []string{"z"}, Label: "z", About: "heads small, or as large as their numbers need", Do: Always(Toggle{"zoomed"})},
		{Keys: []string{"d"}, Label: "d", About: "picks, or what differs from the first column", Do: Always(Toggle{"compare"})},
		{Keys: []string{"f"}, Label: "f", About: "force the block pointed at, or held", Do: edit("force")},
		{Keys: []string{"x"}, Label: "x", About: "drop the block pointed at, or held", Do: edit("drop")},
		{Keys: []string{"["}, Label: "[", About: "play slower", Do: Always(faster(-1))},
		{Keys: []string{"]"}, Label: "]", About: "play faster", Do: Always(faster(1))},
		{Keys: []string{"n", "PageDown"}, Label: "n", About: "the next step of the lesson; Page Down, as pointers for presentations send it, too", Do: turn(1)},
		{Keys: []string{"b", "PageUp"}, Label: "b", About: "the step before; Page Up too", Do: turn(-1)},
		{Keys: []string{"c"}, Label: "c", About: "copy the link to what is on the screen", Do: Always(Share{})},
		{Keys: []string{"h"}, Label: "h", About: "presentation: large, without controls", Do: Always(Toggle{"present"})},
		{Keys: []string{"/"}, Label: "/", About: "go to the tasks", Do: Always(Focus{})},
		{Keys: []string{"?"}, Shift: true, Label: "?", About: "this list", Do: Always(ToggleHelp{})},
	}
}

// Press is the action of a key, nil when it has none, or is a letter or a sign where these
// are no keys. The shift of a character that only exists with it is not asked for.
func (s *Snapshot) Press(key string, shift bool) Action {
	if s.LettersOff && IsLetter(key) {
		return nil
	}
	for _, k := range s.Keys() {
		for _, name := range k.Keys {
			if name == key && (k.Shift == shift || len(key) == 1) {
				return k.Do(s)
			}
		}
	}
	return nil
}

func edit(field string) func(*Snapshot) Action {
	return func(s *Snapshot) Action {
		if block := s.Pointed(); block >= 0 {
			return Edit{Field: field, Block: block}
		}
		return nil
	}
}

// turn goes on in the lecture, where it is on the screen.
func turn(by int) func(*Snapshot) Action {
	return func(s *Snapshot) Action {
		if s.Lesson == (lesson.At{}) {
			return nil
		}
		return Turn{by}
	}
}

// faster plays so many speeds faster.
type faster int

func (a faster) apply(s *Snapshot) []Effect {
	all := Speeds()
	s.Speed = all[min(max(slices.Index(all, s.Speed)+int(a), 0), len(all)-1)]
	return nil
}

func escapeKey(s *Snapshot) Action {
	switch {
	case s.Help:
		return ToggleHelp{}
	case s.Present:
		return Toggle{"present"}
	}
	return Lock{}
}

func runOrStop(s *Snapshot) Action {
	if s.Running() {
		return Stop{}
	}
	return Submit{}
}

func nextMetric(s *Snapshot) Action {
	all := slices.DeleteFunc(picture.Metrics(), func(m picture.Metric) bool { return m.Optional() && !s.knows(m) })
	return ColourBy{all[(slices.Index(all, s.Metric)+1)%len(all)]}
}

// knows reports whether a metric is known of any head on the screen.
func (s *Snapshot) knows(m picture.Metric) bool {
	return slices.ContainsFunc(s.Columns[:], func(c Column) bool {
		r := c.Run()
		return r != nil && r.Header != nil && r.HeadGrid().Has(m)
	})
}
