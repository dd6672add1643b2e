package niah

import (
	"strings"

	"kvscope/engine/tokenizer"
)

// draft is a prompt being written, with the places of its needles. It starts as the
// opening of a chat where the model has one.
type draft struct {
	chat    tokenizer.Chat
	text    strings.Builder
	needles []planted
}

// planted is a needle in a draft. Places are bytes of its text.
type planted struct {
	Needle
	start, end     int // the sentence
	keyAt, keyEnd  int
	valueAt, stops int // the value starts; it ends
	query          int // which query asks for it; -1 for none
}

func newDraft(chat tokenizer.Chat) *draft {
	d := &draft{chat: chat}
	d.text.WriteString(chat.Before)
	return d
}

// plant writes the needle of key and value that query asks for, -1 for none.
func (d *draft) plant(kind Kind, key, value string, query int) {
	sentence := NeedleText(kind, key, value)
	p := planted{Needle: Needle{Key: key, Value: value, Queried: query >= 0}, query: query, start: d.text.Len()}
	p.keyAt = p.start + len(needleHead(kind)) + 1
	p.keyEnd = p.keyAt + len(key)
	p.end = p.start + len(sentence)
	p.stops = p.end - 1
	p.valueAt = p.stops - len(value)
	d.text.WriteString(sentence)
	d.needles = append(d.needles, p)
}

// ask ends the draft: question and the start of the answer, which begins after the line
// break that ends the haystack. Of the needles it leaves those of each query, in the
// order of the text, in asked.
func (d *draft) ask(tok tokenizer.Tokenizer, question, answer string) (e *Example, asked map[int][]Needle) {
	d.text.WriteString("\n")
	at := d.text.Len()
	d.text.WriteString(asking(d.chat, question, answer))
	return d.example(tok, question, at)
}

// asking is the question and the start of the answer as a chat has them.
func asking(chat tokenizer.Chat, question, answer string) string {
	if strings.HasSuffix(chat.After, "\n") {
		answer = strings.TrimPrefix(answer, " ")
	}
	return question + chat.After + answer
}

// example is the prompt as it is written, whose question begins at a byte of it.
func (d *draft) example(tok tokenizer.Tokenizer, question string, at int) (e *Example, asked map[int][]Needle) {
	e = &Example{Text: d.text.String(), Question: question, asks: at}
	e.encode(tok)
	e.QuestionSpan = e.tokens(at, len(e.Text))
	asked = map[int][]Needle{}
	for _, p := range d.needles {
		n := p.Needle
		n.Span, n.KeySpan, n.ValueSpan = e.tokens(p.start, p.end), e.tokens(p.keyAt, p.keyEnd), e.tokens(p.valueAt, p.stops)
		n.valueAt = p.valueAt
		e.Needles = append(e.Needles, n)
		if n.Queried {
			asked[p.query] = append(asked[p.query], n)
		}
	}
	return e, asked
}
