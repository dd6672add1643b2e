package state

import (
	"fmt"
	"strings"

	"kvscope/viz/number"
	"kvscope/web/api"
)

// A text that is too long for an address is kept by the browser and by the server under a
// short name, which stands in the address instead.

// LongText is the name of the text of p that is not in its address, "" when all is: that
// of its own text, or of one that a link named and that was not found.
func (p *Place) LongText() string {
	switch {
	case p.Form.Text == "":
		return p.Elsewhere
	case len(p.Form.Text) > maxForm || len(p.Form.differences(DefaultForm(), true).out) > 0:
		return api.TextName(p.Form.Text)
	}
	return ""
}

// LeftOut lists the fields that the address of p has no room for, its text aside.
func (p *Place) LeftOut() []string {
	return p.Form.differences(DefaultForm(), p.LongText() == "").out
}

// WithText is p with the text that its link named, if content is that text.
func (p Place) WithText(content string) Place {
	if p.Elsewhere != "" && api.TextName(content) == p.Elsewhere {
		p.Form.Text, p.Elsewhere = content, ""
	}
	return p
}

// KeepText keeps a text under its name, in the browser and, if it has room for it, on the
// server.
type KeepText struct {
	Name, Text string
	Server     bool
}

// FindText asks the server for the text that a link names and this browser has not.
type FindText struct{ Name string }

func (KeepText) effect() {}
func (FindText) effect() {}

// keepText asks for the text to be kept that the address has no room for, and says what else it
// has none for.
func (s *Snapshot) keepText() []Effect {
	if out := s.LeftOut(); len(out) > 0 {
		s.say("The address has no room for what is in " + strings.Join(out, " and ") + ": a reload loses it.")
	}
	if name := s.LongText(); name != "" && s.Form.Text != "" {
		return []Effect{KeepText{Name: name, Text: s.Form.Text, Server: len(s.Form.Text) <= s.Meta.Limits.TextBytes}}
	}
	return nil
}

// findText asks for the text that the link names, once; then it is a problem.
func (s *Snapshot) findText(problems Problems) []Effect {
	if s.sought != s.Elsewhere && s.Meta.Limits.TextBytes > 0 {
		s.sought = s.Elsewhere
		s.say("Asking the server for the text that the link names.")
		s.Toast.Stays = true
		return []Effect{FindText{Name: s.Elsewhere}}
	}
	problems["text"] = "the link names a text that is not kept by this browser nor by the server, paste it"
	return nil
}

// TextFound hands in the text that a link names, empty when nobody has it.
type TextFound struct{ Name, Text string }

func (a TextFound) apply(s *Snapshot) []Effect {
	if s.Elsewhere != a.Name {
		return nil // another link by now
	}
	s.say("")
	s.Place = s.WithText(a.Text)
	s.Draft.Text = s.Form.Text
	return Submit{}.start(s, false)
}

// TextKept says who keeps a text.
type TextKept struct {
	Name            string
	Browser, Server bool
}

func (a TextKept) apply(s *Snapshot) []Effect {
	s.textKept = a
	if !a.Browser && !a.Server {
		s.say("The text is too long for the address and is kept nowhere: a reload loses it.")
	}
	return nil
}

// linkNote says what the link does not hold, "" when it holds all.
func (s *Snapshot) linkNote() string {
	note := s.textNote()
	if out := s.LeftOut(); len(out) > 0 {
		note += " It has no room for what is in " + strings.Join(out, " and ") + ": send that along."
	}
	for side := range s.Form.Columns() {
		if name := s.Columns[side].File(); name != "" {
			note += fmt.Sprintf(" The file %s is not in it: send the file along.", name)
		}
	}
	return note
}

// textNote says that the link holds the name of a text alone, and who keeps it.
func (s *Snapshot) textNote() string {
	name := s.LongText()
	if name == "" || s.Form.Text == "" {
		return ""
	}
	where := "which is kept in this browser alone: send the text along."
	switch kept := s.textKept; {
	case kept.Name != name || !kept.Browser && !kept.Server:
		where = "which is kept nowhere: send the text along."
	case kept.Server:
		where = "which this server keeps too, while it is among the last " + number.Bytes(api.MaxTexts) + " of texts: the link works for who reaches this server."
	}
	return fmt.Sprintf(" It names the text, of %d characters, %s", len([]rune(s.Form.Text)), where)
}
