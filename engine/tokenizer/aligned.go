package tokenizer

import "strings"

// aligned is a part of a text, normalized, that knows which bytes of the text it stands
// for.
type aligned struct {
	text string
	base int   // the first byte's place in the source, where at is nil
	at   []int // [len(text)+1] place of every byte and of the end; nil where text is the source
}

// source is the place in the source of byte i of the text, which may be its end.
func (a aligned) source(i int) int {
	if a.at == nil {
		return a.base + i
	}
	return a.at[i]
}

// slice is a.text[i:j].
func (a aligned) slice(i, j int) aligned {
	if a.at == nil {
		return aligned{text: a.text[i:j], base: a.base + i}
	}
	return aligned{text: a.text[i:j], at: a.at[i : j+1]}
}

// rewriter builds the normalized form of an aligned text.
type rewriter struct {
	from aligned
	text strings.Builder
	at   []int
}

// keep copies from.text[i:j].
func (w *rewriter) keep(i, j int) {
	w.text.WriteString(w.from.text[i:j])
	for ; i < j; i++ {
		w.at = append(w.at, w.from.source(i))
	}
}

// put writes text in place of from.text[i:j].
func (w *rewriter) put(text string, i int) {
	w.text.WriteString(text)
	for range len(text) {
		w.at = append(w.at, w.from.source(i))
	}
}

func (w *rewriter) done() aligned {
	return aligned{text: w.text.String(), at: append(w.at, w.from.source(len(w.from.text)))}
}

// replace puts content in place of every pattern.
func replace(a aligned, pattern, content string) aligned {
	if !strings.Contains(a.text, pattern) {
		return a
	}
	w := rewriter{from: a}
	for i := 0; i < len(a.text); {
		n := strings.Index(a.text[i:], pattern)
		if n < 0 {
			w.keep(i, len(a.text))
			break
		}
		w.keep(i, i+n)
		w.put(content, i+n)
		i += n + len(pattern)
	}
	return w.done()
}

// prepend puts prefix in front of a text that is not empty.
func prepend(a aligned, prefix string) aligned {
	if a.text == "" {
		return a
	}
	w := rewriter{from: a}
	w.put(prefix, 0)
	w.keep(0, len(a.text))
	return w.done()
}
