package state

import "kvscope/web/picture"

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

func escapeKey(s *Snapshot) Action {
	if s.Help {
		return ToggleHelp{}
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
	all := picture.Metrics()
	for i, m := range all {
		if m == s.Metric {
			return ColourBy{all[(i+1)%len(all)]}
		}
	}
	return ColourBy{all[0]}
}

func nextShade(s *Snapshot) Action {
	if s.Shade == picture.ByPicks {
		return ShadeBy{picture.ByMass}
	}
	return ShadeBy{picture.ByPicks}
}
