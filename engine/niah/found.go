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

// needlesIn finds the needles of a text: each from where one begins to the next at most.
func needlesIn(text string) []found {
	var all []found
	begins := needleBegins().FindAllStringSubmatchIndex(text, -1)
	for i, b := range begins {
		at, until := b[1], len(text)
		if i+1 < len(begins) {
			until = begins[i+1][0]
		}
		m := needleSays().FindStringSubmatchIndex(text[at:until])
		if m == nil {
			continue
		}
		n := found{kind: Kind(strings.TrimSuffix(text[b[2]:b[3]], "s") + "s"), planted: planted{
			Needle: Needle{Key: oneLine(text[at+m[2] : at+m[3]]), Value: oneLine(text[at+m[4] : at+m[5]])},
			start:  b[0], end: at + max(m[7], m[9], m[11]), keyAt: at + m[2], keyEnd: at + m[3], valueAt: at + m[4], stops: at + m[5], query: -1,
		}}
		all = append(all, n)
	}
	return all
}

// needleBegins is the beginning of a needle in running text, lines of which may break anywhere
// between its words: its group is the type.
var needleBegins = pattern.Of(`One\s+of\s+the\s+special\s+magic\s+(numbers?|uuids?|words?)\s+for\s+`)

// needleSays is the rest of one: groups are its key and value, and whichever stop it has. A value
// ends at a full stop with white space after it and what closes between them, a Chinese or
// Japanese one, an empty line, or the end.
var needleSays = pattern.Of(`^(\S` + wrapped + `)\s+is:\s+(\.?[^\s.。]` + wrapped + `)` +
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
