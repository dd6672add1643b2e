package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// A text that is too long for an address is kept by the browser under a short name, which
// stands in the address instead.

// mostText is the most bytes of an address that its text may take: the rest has to fit too.
const mostText = maxQuery - 2<<10

// textName is the name that a text is kept under, 16 hexadecimal digits of its SHA-256.
func textName(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// isTextName reports whether a link's word can be the name of a text.
func isTextName(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}

// LongText is the name of the text of p that is not in its address, "" when all is: that
// of its own text, or of one that a link named and that was not found.
func (p *Place) LongText() string {
	switch {
	case p.Form.Text == "":
		return p.Elsewhere
	case len(p.Form.Text) > mostText || len(escape(p.Form.Text)) > mostText:
		return textName(p.Form.Text)
	}
	return ""
}

// WithText is p with the text that its link named, if content is that text.
func (p Place) WithText(content string) Place {
	if p.Elsewhere != "" && textName(content) == p.Elsewhere {
		p.Form.Text, p.Elsewhere = content, ""
	}
	return p
}

// KeepText keeps a text under its name.
type KeepText struct{ Name, Text string }

func (KeepText) effect() {}

// keepText asks for the text to be kept that the address has no room for.
func (s *Snapshot) keepText() []Effect {
	if name := s.LongText(); name != "" && s.Form.Text != "" {
		return []Effect{KeepText{Name: name, Text: s.Form.Text}}
	}
	return nil
}

// linkNote says what the link does not hold, "" when it holds all.
func (s *Snapshot) linkNote() string {
	if s.LongText() == "" || s.Form.Text == "" {
		return ""
	}
	return fmt.Sprintf(" It names the text, of %d characters, which is kept in this browser alone: send the text along.", len([]rune(s.Form.Text)))
}
