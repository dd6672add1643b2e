package widget

import (
	"fmt"
	"html"
	"strings"

	"kvscope/engine/trace"
	"kvscope/web/picture"
)

// promptHTML writes a prompt: an element for each block, in it one for each token that is
// marked or, finely, for every one. What is pressed, blocks or tokens, are options of a list.
func promptHTML(h *trace.Header, tokens, fine bool) string {
	ofBlock, ofToken := ` role="option"`, ""
	if tokens {
		ofBlock, ofToken = ` role="group"`, ` role="option"`
	}
	class := make([]string, len(h.Tokens))
	for _, n := range h.Needles {
		name := "needle"
		if n.Queried {
			name = "asked"
		}
		for p := n.Span[0]; p < n.Span[1]; p++ {
			class[p] = name
		}
	}
	for _, p := range h.Gold {
		if p >= 0 {
			class[p] = "gold"
		}
	}
	var b strings.Builder
	block := max(1, h.Block)
	for i, piece := range picture.Pieces(h) {
		if i%block == 0 {
			if i > 0 {
				b.WriteString("</span>")
			}
			fmt.Fprintf(&b, `<span class="tb" data-b="%d"%s>`, i/block, ofBlock)
		}
		if class[i] == "gold" {
			// The mark goes around the token, not around the blank before it.
			token := strings.TrimLeft(piece, " ")
			b.WriteString(piece[:len(piece)-len(token)])
			piece = token
		}
		if !fine && class[i] == "" && leftToRight(piece) {
			b.WriteString(html.EscapeString(piece))
			continue
		}
		fmt.Fprintf(&b, `<i data-t="%d"%s`, i, ofToken)
		if class[i] != "" {
			fmt.Fprintf(&b, ` class="%s"`, class[i])
		}
		if tokens && strings.TrimSpace(piece) == "" {
			b.WriteString(` aria-label="blank"`)
		}
		b.WriteString(">" + html.EscapeString(piece) + "</i>")
	}
	b.WriteString("</span>")
	return b.String()
}

// leftToRight reports whether a text surely has nothing in it that is read from the right, and
// would take its neighbours with it.
func leftToRight(text string) bool {
	const firstOther = '\u0590' // of the scripts that are
	return strings.IndexFunc(text, func(r rune) bool { return r >= firstOther }) < 0
}
