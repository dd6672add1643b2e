package tokenizer

// marks is the punctuation, with the sides on which each lets a blank stand. Its
// order is part of the vocabulary.
var marks = []struct {
	text          string
	before, after bool
}{
	{"\n", false, false},
	{".", false, true}, {",", false, true}, {":", false, true}, {";", false, true},
	{"?", false, true}, {"!", false, true}, {"'", false, false}, {"\"", true, false},
	{"(", true, false}, {")", false, true}, {"[", true, false}, {"]", false, true},
	{"{", true, false}, {"}", false, true}, {"-", false, false}, {"/", false, false},
	{"\\", false, false}, {"_", false, false}, {"&", true, true}, {"%", false, true},
	{"$", true, false}, {"#", true, false}, {"@", false, false}, {"*", true, false},
	{"+", true, true}, {"=", true, true}, {"<", true, true}, {">", true, true},
	{"|", true, true}, {"^", false, false}, {"~", true, false}, {"`", true, false},
	{"“", true, false}, {"”", false, true}, {"‘", true, false}, {"’", false, false},
	{"—", false, false}, {"–", false, false}, {"…", false, true},
}

func (t *Demo) setSpacing() {
	t.gapBefore = make([]bool, len(t.text))
	t.gapAfter = make([]bool, len(t.text))
	for id, k := range t.kinds {
		switch k {
		case byteToken:
			// Blanks and control characters stand for themselves.
			b := id - int(firstByteID)
			visible := b > ' ' && b != 0x7f
			t.gapBefore[id], t.gapAfter[id] = visible, visible
		case mark:
			m := marks[id-int(t.firstMark)]
			t.gapBefore[id], t.gapAfter[id] = m.before, m.after
		case single, pair, word:
			t.gapBefore[id], t.gapAfter[id] = true, true
		}
	}
	t.gapBefore[capID] = true
}

// gap is the spacing rule: whether one blank stands between two adjacent tokens.
// Both sides must allow it, and it never parts the bytes of a run nor a pair from
// the rest of its number. An odd digit ends its number, so a gap may follow it.
func (t *Demo) gap(left, right int32) bool {
	if !t.gapAfter[left] || !t.gapBefore[right] {
		return false
	}
	l, r := t.kinds[left], t.kinds[right]
	return (l != byteToken || r != byteToken) && (l != pair || (r != pair && r != single))
}
