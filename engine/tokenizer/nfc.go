package tokenizer

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed nfc.txt
var nfcTable string

// nfc is canonical composition, Unicode's normalization form C. The standard library has
// none, and ids must be those of the library that models were trained with, which
// follows Unicode 9: so the table is our own.
type nfc struct {
	decomposed map[rune][]rune
	composed   map[[2]rune]rune
	class      map[rune]int  // combining classes other than 0
	second     map[rune]bool // characters of class 0 that may be composed with one before
}

func newNFC() *nfc {
	t := &nfc{
		decomposed: map[rune][]rune{}, composed: map[[2]rune]rune{}, class: map[rune]int{}, second: map[rune]bool{},
	}
	for line := range strings.Lines(nfcTable) {
		if line[0] == '#' {
			continue
		}
		kind, columns, _ := strings.Cut(strings.TrimSpace(line), " ")
		var chars []rune
		for field := range strings.FieldsSeq(columns) {
			chars = append(chars, rune(tableNumber(field, 16)))
		}
		switch kind {
		case "D":
			t.decomposed[chars[0]] = chars[1:]
		case "P":
			t.decomposed[chars[0]] = chars[1:]
			t.composed[[2]rune(chars[1:])] = chars[0]
		default:
			for c := chars[0]; c <= chars[1]; c++ {
				t.class[c] = tableNumber(kind, 10)
			}
		}
	}
	for pair := range t.composed {
		if t.class[pair[1]] == 0 {
			t.second[pair[1]] = true
		}
	}
	return t
}

func tableNumber(field string, base int) int {
	n, err := strconv.ParseInt(field, base, 32)
	if err != nil {
		panic(fmt.Sprintf("BUG: tokenizer: nfc.txt has %q", field))
	}
	return int(n)
}

// Hangul syllables are composed by arithmetic: of 19 leading consonants, 21 vowels and
// 27 trailing consonants or none (The Unicode Standard, section 3.12).
const (
	hangulL, hangulV, hangulT, hangulS = 0x1100, 0x1161, 0x11A7, 0xAC00
	hangulVS, hangulTS                 = 21, 28
	hangulLS                           = 19
	hangulEnd                          = hangulS + hangulLS*hangulVS*hangulTS
)

// normalize is the form C of a.
func (t *nfc) normalize(a aligned) aligned {
	w, changed := rewriter{from: a}, false
	for i := 0; i < len(a.text); {
		end := t.cluster(a.text[i:])
		old := a.text[i : i+end]
		if next := t.compose(old); next != old {
			w.put(next, i)
			changed = true
		} else {
			w.keep(i, i+end)
		}
		i += end
	}
	if !changed {
		return a
	}
	return w.done()
}

// cluster is the bytes of the first character of s with all that may be reordered or
// composed with it.
func (t *nfc) cluster(s string) int {
	_, end := utf8.DecodeRuneInString(s)
	for end < len(s) && s[end] >= utf8.RuneSelf {
		r, n := utf8.DecodeRuneInString(s[end:])
		first := t.first(r)
		if t.class[first] == 0 && !t.second[first] && (first < hangulV || first >= hangulT+hangulTS) {
			break
		}
		end += n
	}
	return end
}

// first is the character that the decomposition of r starts with.
func (t *nfc) first(r rune) rune {
	for len(t.decomposed[r]) > 0 {
		r = t.decomposed[r][0]
	}
	return r
}

// compose is the form C of a cluster. Bytes that are no text stay as they are.
func (t *nfc) compose(cluster string) string {
	if len(cluster) == 1 || !utf8.ValidString(cluster) {
		return cluster
	}
	if r, n := utf8.DecodeRuneInString(cluster); n == len(cluster) && t.decomposed[r] == nil {
		return cluster
	}
	var chars []rune
	for _, r := range cluster {
		chars = t.decompose(chars, r)
	}
	for i := 0; i < len(chars); {
		if t.class[chars[i]] == 0 {
			i++
			continue
		}
		end := i
		for end < len(chars) && t.class[chars[end]] != 0 {
			end++
		}
		slices.SortStableFunc(chars[i:end], func(x, y rune) int { return t.class[x] - t.class[y] })
		i = end
	}
	return string(t.recompose(chars))
}

// decompose appends the full decomposition of r.
func (t *nfc) decompose(dst []rune, r rune) []rune {
	if r >= hangulS && r < hangulEnd {
		at := r - hangulS
		dst = append(dst, hangulL+at/(hangulVS*hangulTS), hangulV+at%(hangulVS*hangulTS)/hangulTS)
		if trailing := at % hangulTS; trailing > 0 {
			dst = append(dst, hangulT+trailing)
		}
		return dst
	}
	parts := t.decomposed[r]
	if parts == nil {
		return append(dst, r)
	}
	for _, p := range parts {
		dst = t.decompose(dst, p)
	}
	return dst
}

// recompose puts every character together with the last starter before it, where nothing
// between them blocks it.
func (t *nfc) recompose(chars []rune) []rune {
	var out []rune
	starter, last := -1, 0 // place of the last starter in out; class of what was written last
	for _, r := range chars {
		class := t.class[r]
		if starter >= 0 && (len(out) == starter+1 || last < class) {
			if c, ok := t.pair(out[starter], r); ok {
				out[starter] = c
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		last = class
		out = append(out, r)
	}
	return out
}

// pair composes two characters into one; it returns false where they do not compose.
func (t *nfc) pair(x, y rune) (rune, bool) {
	if x >= hangulL && x < hangulL+hangulLS && y >= hangulV && y < hangulV+hangulVS {
		return hangulS + ((x-hangulL)*hangulVS+y-hangulV)*hangulTS, true
	}
	if x >= hangulS && x < hangulEnd && (x-hangulS)%hangulTS == 0 && y > hangulT && y < hangulT+hangulTS {
		return x + y - hangulT, true
	}
	c, ok := t.composed[[2]rune{x, y}]
	return c, ok
}
