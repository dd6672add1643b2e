package state

import "time"

// Toast is a short message on what was done last, which goes by itself.
type Toast struct {
	Text string // "" for none
	Gen  int    // which message it is: the same text said again is another
	// Stays until something else is said: it is of something under way.
	Stays bool
}

// Reads is how long a toast stays: as long as a slow reader takes to see and to read it.
func (t Toast) Reads() time.Duration {
	return 5*time.Second + time.Duration(len([]rune(t.Text)))*100*time.Millisecond
}

// Say is the toast after t that says a text, "" to take t away.
func (t Toast) Say(text string) Toast {
	if text == "" {
		return Toast{Gen: t.Gen}
	}
	return Toast{Text: text, Gen: t.Gen + 1}
}

func (s *Snapshot) say(text string) { s.Toast = s.Toast.Say(text) }

// ShowToast shows a short message; one that stays does until something else is said.
type ShowToast struct {
	Text  string
	Stays bool
}

func (a ShowToast) apply(s *Snapshot) []Effect {
	s.say(a.Text)
	s.Toast.Stays = a.Stays
	return nil
}

// Fade asks for a Faded after a while.
type Fade struct {
	Gen int
	For time.Duration
}

func (Fade) effect() {}

// fade lets a toast that has come since another go once it can have been read.
func (s *Snapshot) fade(before Toast) []Effect {
	if s.Toast.Gen == before.Gen || s.Toast.Text == "" || s.Toast.Stays {
		return nil
	}
	return []Effect{Fade{Gen: s.Toast.Gen, For: s.Toast.Reads()}}
}

// Faded takes a toast away whose time is over.
type Faded struct{ Gen int }

func (a Faded) apply(s *Snapshot) []Effect {
	if a.Gen == s.Toast.Gen {
		s.say("")
	}
	return nil
}
