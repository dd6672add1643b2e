package niah

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/pattern"
	"kvscope/engine/tokenizer"
)

// CustomID is the Task.ID of examples made from a user's own text.
const CustomID = "custom"

// maxText bounds a key, a value or a question, in bytes.
const maxText = 1024

// Custom hides one needle of the user's own in a haystack of their own and asks for
// it, in the wording of the tasks. The needle goes to the sentence end nearest to
// depth, 0 start to 1 end. The haystack is cut, at a sentence end where one is
// near, so that prompt and answer fit in context tokens.
func Custom(tok tokenizer.Tokenizer, haystack, key, value string, depth float64, context int) (*Example, error) {
	haystack, key, value = strings.TrimSpace(haystack), strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case haystack == "":
		return nil, input.Errorf("text", "is empty, want one")
	case !utf8.ValidString(haystack):
		return nil, input.Errorf("text", "is not UTF-8 text")
	case !(depth >= 0 && depth <= 1):
		return nil, input.Errorf("depth", "%v, want 0 to 1", depth)
	case context > MaxContext:
		return nil, input.Errorf("context", "%d, want at most %d", context, MaxContext)
	}
	if err := checkLine("key", key); err != nil {
		return nil, err
	}
	if err := checkLine("value", value); err != nil {
		return nil, err
	}
	if strings.Contains(value, ",") {
		return nil, input.Errorf("value", "%q, may not hold a comma, which parts answers", value)
	}

	compose := func(text string) *Example {
		before, after := split(text, depth)
		e := custom(tok, kindOf(value), true, key, func(d *draft) {
			d.text.WriteString(before)
			d.plant(kindOf(value), key, value, 0)
			d.text.WriteString(after)
		})
		e.Context = context
		return e
	}

	if bare := compose(""); bare.size() > context {
		return nil, input.Errorf("context", "%d, want at least %d for this key and value", context, bare.size())
	}
	text := haystack
	ids, offsets := tok.EncodeOffsets(text)
	whole := len(ids)
	for {
		e := compose(text)
		over := e.size() - context
		if over <= 0 {
			if len(text) < len(haystack) {
				e.Cut = &Cut{Tokens: whole, Kept: len(ids)}
			}
			return e, nil
		}
		ids = ids[:max(0, len(ids)-over)]
		end := 0
		if len(ids) > 0 {
			end = offsets[len(ids)-1].End
		}
		text = cut(text, end)
		for len(ids) > 0 && offsets[len(ids)-1].End > len(text) {
			ids = ids[:len(ids)-1]
		}
	}
}

// custom is the prompt that asks for key in the text that write writes.
func custom(tok tokenizer.Tokenizer, kind Kind, single bool, key string, write func(*draft)) *Example {
	d := newDraft(tok.Chat())
	d.text.WriteString(Opening(kind, single))
	write(d)
	keys := []string{key}
	e, asked := d.ask(tok, Question(kind, single, keys), AnswerPrefix(kind, single, keys))
	e.Task = Task{ID: CustomID, Value: kind, Keys: 1, Values: 1, Queries: 1}
	e.answer(tok, asked[0])
	return e
}

// FromText makes the prompt that asks for question, a key, in a text that already
// has its needles. Expected are the values that needles with that key give it; it
// is empty when the text has none.
func FromText(tok tokenizer.Tokenizer, text, question string) (*Example, error) {
	text, question = strings.TrimSpace(text), strings.TrimSpace(question)
	switch {
	case text == "":
		return nil, input.Errorf("text", "is empty, want one")
	case !utf8.ValidString(text):
		return nil, input.Errorf("text", "is not UTF-8 text")
	}
	if err := checkLine("key", question); err != nil {
		return nil, err
	}
	kind, matches := Number, 0
	for _, n := range needlesIn(text) {
		if n.Key == oneLine(question) {
			matches++
			kind = n.kind
		}
	}
	return custom(tok, kind, matches < 2, question, func(d *draft) {
		d.find(text, func(n Needle) bool { return n.Key == oneLine(question) })
	}), nil
}

var uuidPattern = pattern.Of(`^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// kindOf is the word the prompt has for value.
func kindOf(value string) Kind {
	if uuidPattern().MatchString(value) {
		return UUID
	}
	return Number
}

func checkLine(field, text string) error {
	switch {
	case text == "":
		return input.Errorf(field, "empty, want a line of text")
	case len(text) > maxText:
		return input.Errorf(field, "%d bytes, want at most %d", len(text), maxText)
	case !utf8.ValidString(text):
		return input.Errorf(field, "not UTF-8 text")
	case strings.ContainsAny(text, "\n\r"):
		return input.Errorf(field, "%q, may not hold a line break", text)
	}
	return nil
}

// ends lists the places where a sentence of text ends, after the white space that
// follows: after a stop, a question or exclamation mark, or a line break, and the quotes
// and brackets that close behind it. Chinese and Japanese stops need no white space.
func ends(text string) []int {
	var at []int
	stopped, wide, spaced := false, false, false
	for i, r := range text {
		switch {
		case strings.ContainsRune("。！？｡．", r):
			stopped, wide = true, true
		case r == '.' || r == '!' || r == '?' || r == '\n':
			stopped = true
		case unicode.IsSpace(r) || strings.ContainsRune(`"')]”’」』）】》`, r) && !spaced:
		default:
			if stopped && (wide || spaced) {
				at = append(at, i)
			}
			stopped, wide = false, false
		}
		spaced = unicode.IsSpace(r)
	}
	return at
}

// blanks lists the places after white space in text.
func blanks(text string) []int {
	var at []int
	space := false
	for i, r := range text {
		if space && !unicode.IsSpace(r) {
			at = append(at, i)
		}
		space = unicode.IsSpace(r)
	}
	return at
}

// characters lists the places after each character of text but the last.
func characters(text string) []int {
	var at []int
	for i := range text {
		if i > 0 {
			at = append(at, i)
		}
	}
	return at
}

// split parts text in two for a needle between them, at the sentence end nearest to
// depth; a text of one sentence between words, one without blanks between characters. The
// needle needs no further blanks.
func split(text string, depth float64) (before, after string) {
	if text == "" {
		return "", ""
	}
	places := ends(text)
	if len(places) == 0 {
		places = blanks(text)
	}
	if len(places) == 0 {
		places = characters(text)
	}
	best := 0
	for _, p := range append(places, len(text)) {
		if math.Abs(float64(p)-depth*float64(len(text))) < math.Abs(float64(best)-depth*float64(len(text))) {
			best = p
		}
	}
	before, after = text[:best], text[best:]
	if last, _ := utf8.DecodeLastRuneInString(before); before != "" && after != "" && !unicode.IsSpace(last) {
		before += " "
	}
	if after == "" {
		return before + " ", ""
	}
	return before, " " + after
}

// cut shortens text to at most n bytes: to the last sentence end in the second half
// of them, else between two words, else anywhere between two characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	for _, places := range [][]int{ends(text[:n]), blanks(text[:n])} {
		if len(places) > 0 && places[len(places)-1] > n/2 {
			return strings.TrimRightFunc(text[:places[len(places)-1]], unicode.IsSpace)
		}
	}
	return text[:n]
}
