package state

import "unicode/utf8"

// Chrome is the state that all pages share: their colours, the list of keys, and whether
// letters are among them.
type Chrome struct {
	Theme      Theme
	SystemDark bool // the system's own colours are dark
	Help       bool // the list of keys is open
	LettersOff bool // keys that write a letter or a sign do nothing outside of fields
}

// IsDark reports whether the colours are those for the dark.
func (c *Chrome) IsDark() bool { return c.Theme == Dark || c.Theme == System && c.SystemDark }

// Do applies an action to the chrome, which has no part in most.
func (c *Chrome) Do(a Action) []Effect {
	switch a := a.(type) {
	case UseTheme:
		c.Theme = a.Theme
		return []Effect{KeepTheme(a)}
	case SystemColours:
		c.SystemDark = a.Dark
	case ToggleHelp:
		c.Help = !c.Help
	case UseLetters:
		c.LettersOff = a.Off
		return []Effect{KeepLetters(a)}
	}
	return nil
}

// Theme is the choice of colours.
type Theme string

// The themes, as kept in the browser.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// UseTheme chooses the colours.
type UseTheme struct{ Theme Theme }

func (a UseTheme) apply(s *Snapshot) []Effect { return s.Chrome.Do(a) }

// SystemColours says what colours the system has.
type SystemColours struct{ Dark bool }

func (a SystemColours) apply(s *Snapshot) []Effect { return s.Chrome.Do(a) }

// ToggleHelp shows or hides the list of keys.
type ToggleHelp struct{}

func (a ToggleHelp) apply(s *Snapshot) []Effect { return s.Chrome.Do(a) }

// UseLetters lets keys that write a letter or a sign be keys of the page, or not: who speaks
// to the computer, or hits keys by accident, may want neither.
type UseLetters struct{ Off bool }

func (a UseLetters) apply(s *Snapshot) []Effect { return s.Chrome.Do(a) }

// IsLetter reports whether a key, as browsers name it, writes a letter or a sign.
func IsLetter(key string) bool { return key != " " && utf8.RuneCountInString(key) == 1 }
