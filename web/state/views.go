package state

import (
	"slices"
	"strings"
)

// View describes a view, a picture below the heads, to a snapshot. Package view draws it.
type View struct {
	Name  string // in an address
	Title string // on the chooser
	About string // in words
	Needs Need
	Keys  []Key

	Options []Option // what can be chosen of it
}

// has reports whether the view has an option.
func (v View) has(option string) bool {
	return slices.ContainsFunc(v.Options, func(o Option) bool { return o.Name == option })
}

// Need names the data that a view draws beside the run itself.
type Need int

// The needs.
const (
	NeedsNothing Need = iota
	NeedsHead         // one head, of which the run has enough
	NeedsStates       // what one head saw, which is asked of the engine
)

// Viewed is the view that is shown: the first where none of that name is.
func (s *Snapshot) Viewed() View {
	for _, v := range s.Views {
		if v.Name == s.View {
			return v
		}
	}
	if len(s.Views) == 0 {
		return View{}
	}
	return s.Views[0]
}

// view shows the view of a name. The first view's own name is no part of a place.
func (s *Snapshot) view(name string) {
	s.View = name
	if shown := s.Viewed().Name; shown == s.firstView() {
		s.View = ""
	}
}

func (s *Snapshot) firstView() string {
	if len(s.Views) == 0 {
		return ""
	}
	return s.Views[0].Name
}

// viewOf is the name of the first view with a need, that of the first of all when none
// has it.
func (s *Snapshot) viewOf(need Need) string {
	for _, v := range s.Views {
		if v.Needs == need {
			return v.Name
		}
	}
	return s.firstView()
}

// nextView shows the view after the one that is shown.
func nextView(s *Snapshot) Action {
	for i, v := range s.Views {
		if v.Name == s.Viewed().Name {
			return Show{s.Views[(i+1)%len(s.Views)].Name}
		}
	}
	return nil
}

// viewTitles lists the views in words.
func (s *Snapshot) viewTitles() string {
	titles := make([]string, len(s.Views))
	for i, v := range s.Views {
		titles[i] = strings.ToLower(v.Title)
	}
	return strings.Join(titles, ", ")
}

// isViewName reports whether an address may name a view so.
func isViewName(name string) bool {
	return name != "" && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == ""
}
