package state

import (
	"slices"

	"kvscope/web/picture"
)

// Key is one entry of the keyboard.
type Key struct {
	Keys  []string // as browsers name them
	Shift bool
	Label string // as the list of keys writes them
	About string
	do    func(s *Snapshot) Action
}

// Keys lists what the keyboard does.
func Keys() []Key {
	always := func(a Action) func(*Snapshot) Action { return func(*Snapshot) Action { return a } }
	return []Key{
		{Keys: []string{"ArrowLeft"}, Label: "←", About: "one line back", do: always(Step{-1})},
		{Keys: []string{"ArrowRight"}, Label: "→", About: "one line on", do: always(Step{1})},
		{Keys: []string{"Home"}, Label: "Home", About: "first line", do: always(GoTo{0})},
		{Keys: []string{"End"}, Label: "End", About: "back to the line the run suggests", do: always(GoTo{Auto})},
		{Keys: []string{"ArrowUp"}, Label: "↑", About: "lock the head before", do: always(MoveHead{-1})},
		{Keys: []string{"ArrowDown"}, Label: "↓", About: "lock the next head", do: always(MoveHead{1})},
		{Keys: []string{"ArrowUp"}, Shift: true, Label: "⇧ ↑", About: "the same head, a layer down", do: always(MoveLayer{-1})},
		{Keys: []string{"ArrowDown"}, Shift: true, Label: "⇧ ↓", About: "the same head, a layer up", do: always(MoveLayer{1})},
		{Keys: []string{"Escape"}, Label: "Esc", About: "close this list, or let the head go", do: escapeKey},
		{Keys: []string{" "}, Label: "Space", About: "run, or stop", do: runOrStop},
		{Keys: []string{"p"}, Label: "p", About: "play the lines one after the other", do: always(TogglePlay{})},
		{Keys: []string{"g"}, Label: "g", About: "scroll the prompt to the needle", do: always(FindNeedle{})},
		{Keys: []string{"m"}, Label: "m", About: "colour the heads by the next metric", do: nextMetric},
		{Keys: []string{"s"}, Label: "s", About: "shade the prompt by picks or by mass", do: nextShade},
		{Keys: []string{"v"}, Label: "v", About: "the next view: prompt, attention, memory, scores", do: nextView},
		{Keys: []string{"w"}, Label: "w", About: "let the view fill its column", do: always(Toggle{"wide"})},
		{Keys: []string{"l"}, Label: "l", About: "attention by logarithm or in proportion", do: always(Toggle{"linear"})},
		{Keys: []string{"k"}, Label: "k", About: "attention with the first tokens or without", do: always(Toggle{"nosink"})},
		{Keys: []string{"0"}, Label: "0", About: "the whole attention map", do: always(MoveMap{})},
		{Keys: []string{"r"}, Label: "r", About: "heads as a grid, or ranked", do: always(Toggle{"ranked"})},
		{Keys: []string{"d"}, Label: "d", About: "picks, or what differs from the first column", do: always(Toggle{"compare"})},
		{Keys: []string{"f"}, Label: "f", About: "force the block that is held", do: edit("force")},
		{Keys: []string{"x"}, Label: "x", About: "drop the block that is held", do: edit("drop")},
		{Keys: []string{"["}, Label: "[", About: "play slower", do: always(faster(-1))},
		{Keys: []string{"]"}, Label: "]", About: "play faster", do: always(faster(1))},
		{Keys: []string{"c"}, Label: "c", About: "copy the link to what is on the screen", do: always(Share{})},
		{Keys: []string{"h"}, Label: "h", About: "presentation: large, without controls", do: always(Toggle{"present"})},
		{Keys: []string{"/"}, Label: "/", About: "go to the tasks", do: always(Focus{})},
		{Keys: []string{"?"}, Shift: true, Label: "?", About: "this list", do: always(ToggleHelp{})},
	}
}

// Press is the action of a key, nil when it has none. The shift of a character
// that only exists with it is not asked for.
func (s *Snapshot) Press(key string, shift bool) Action {
	for _, k := range Keys() {
		for _, name := range k.Keys {
			if name == key && (k.Shift == shift || len(key) == 1) {
				return k.do(s)
			}
		}
	}
	return nil
}

func nextView(s *Snapshot) Action {
	all := Views()
	return Show{all[(slices.Index(all, s.View)+1)%len(all)]}
}

func edit(field string) func(*Snapshot) Action {
	return func(s *Snapshot) Action {
		if s.Pin < 0 {
			return nil
		}
		return Edit{Field: field, Block: s.Pin}
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
	return Run{}
}

func nextMetric(s *Snapshot) Action {
	all := slices.DeleteFunc(picture.Metrics(), func(m picture.Metric) bool { return m == picture.Memory && !s.knows(m) })
	return ColourBy{all[(slices.Index(all, s.Metric)+1)%len(all)]}
}

// knows reports whether a metric is known of any head on the screen.
func (s *Snapshot) knows(m picture.Metric) bool {
	return slices.ContainsFunc(s.Columns[:], func(c Column) bool {
		return c.Run != nil && c.Run.Header != nil && c.Run.HeadGrid().Has(m)
	})
}

func nextShade(s *Snapshot) Action {
	if s.Shade == picture.ByPicks {
		return ShadeBy{picture.ByMass}
	}
	return ShadeBy{picture.ByPicks}
}
