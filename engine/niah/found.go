package niah

import (
	"strings"

	"kvscope/engine/pattern"
)

// found is a needle in running text, whose places are bytes of that, and the word that it has
// for its value.
type found struct {
	planted
	kind Kind
}

// find writes a text and notes the needles in it, of which the first query asks for some.
func (d *draft) find(text string, asks func(Needle) bool) {
	at := d.text.Len()
	d.text.WriteString(text)
	for _, n := range needlesIn(text) {
		p := n.planted
		for _, place := range []*int{&p.start, &p.end, &p.keyAt, &p.keyEnd, &p.valueAt, &p.stops} {
			*place += at
		}
		if asks(p.Needle) {
			p.Queried, p.query = true, 0
		}
		d.needles = append(d.needles, p)
	}
}

// needlesIn finds the needles of a text.
func needlesIn(text string) []found {
	var all []found
	for from := 0; ; {
		m := needlePattern().FindStringSubmatchIndex(text[from:])
		if m == nil {
			return all
		}
		place := func(group int) (lo, hi int) { return from + m[2*group], from + m[2*group+1] }
		n := found{planted: planted{query: -1}}
		n.start, n.end = from+m[0], from+max(m[9], m[11], m[13])
		n.keyAt, n.keyEnd = place(2)
		n.valueAt, n.stops = place(3)
		kindAt, kindEnd := place(1)
		n.kind = Kind(strings.TrimSuffix(text[kindAt:kindEnd], "s") + "s")
		from += m[1]
		// One without a stop ends where the next begins.
		if next := needleStart().FindStringIndex(text[n.valueAt:n.stops]); next != nil {
			from = n.valueAt + next[0]
			n.stops = n.valueAt + len(strings.TrimSpace(text[n.valueAt:from]))
			n.end = n.stops
		}
		n.Key, n.Value = oneLine(text[n.keyAt:n.keyEnd]), oneLine(text[n.valueAt:n.stops])
		if n.Value != "" {
			all = append(all, n)
		}
	}
}

const needleBegins = `One\s+of\s+the\s+special\s+magic\s+(numbers?|uuids?|words?)\s+for\s+`

var needleStart = pattern.Of(needleBegins)

// needlePattern is a needle in running text, lines of which may break anywhere between its
// words: groups are its type, key and value, and whichever stop it has. A value ends at a full
// stop with white space after it and what closes between them, a Chinese or Japanese one, an
// empty line, or the end of the text.
var needlePattern = pattern.Of(needleBegins + `(\S` + wrapped + `)\s+is:\s+(\.?[^\s.。]` + wrapped + `)` +
	`(?:(\.)["')\]”’」』）】》]*(?:\s|$)|([。．｡])|()\s*(?:$|\n\s*\n))`)

// wrapped is text in which a line may break.
const wrapped = `(?:[^\n]|\n[^\n]){0,200}?`

// brokenHyphen is a line break after a hyphen, where words that have one are broken.
var brokenHyphen = pattern.Of(`(\pL|\pN)-[ \t]*\r?\n[ \t]*(\pL|\pN)`)

// oneLine is text whose lines were broken, in one line: a word broken after its hyphen is
// whole again.
func oneLine(s string) string {
	return strings.Join(strings.Fields(brokenHyphen().ReplaceAllString(s, "$1-$2")), " ")
}
