package state

import (
	"net/url"
	"strconv"
	"strings"

	"kvscope/web/picture"
)

// Place is what a link restores: the request of the run on the screen and where
// the eye rests.
type Place struct {
	Form   Form
	Head   *picture.Head // locked head, nil for all heads
	Line   int           // line of the block grid, Auto when none was chosen
	Pin    int           // block held in the inspector, None without one
	Metric picture.Metric
	Shade  picture.Shade
}

const (
	Auto = -1 // the line that the run suggests
	None = -1 // no block
)

// DefaultPlace is the place of a link without a query.
func DefaultPlace() Place {
	return Place{Form: DefaultForm(), Line: Auto, Pin: None, Metric: picture.Mass, Shade: picture.ByPicks}
}

// maxQuery bounds what a link carries: servers and mail programs refuse longer
// ones. Own text beyond it stays on the page and out of the link.
const maxQuery = 12 << 10

// Query writes p as a URL query, defaults left out, in a fixed order.
func (p Place) Query() string {
	d := DefaultPlace()
	var b strings.Builder
	add := func(name, value, unless string) {
		if value == unless {
			return
		}
		v := escape(value)
		if b.Len()+len(name)+len(v)+2 > maxQuery {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(v)
	}
	add("source", string(p.Form.Source), string(d.Form.Source))
	for _, f := range fields {
		add(f.name, *f.at(&p.Form), *f.at(&d.Form))
	}
	if p.Head != nil {
		add("head", strconv.Itoa(p.Head.Layer)+"."+strconv.Itoa(p.Head.Head), "")
	}
	add("line", strconv.Itoa(p.Line), strconv.Itoa(d.Line))
	add("at", strconv.Itoa(p.Pin), strconv.Itoa(d.Pin))
	add("metric", string(p.Metric), string(d.Metric))
	add("shade", string(p.Shade), string(d.Shade))
	return b.String()
}

// escape is URL query escaping that leaves fractions and lists readable.
func escape(s string) string {
	s = url.QueryEscape(s)
	return strings.NewReplacer("%2F", "/", "%2C", ",", "%3A", ":").Replace(s)
}

// ParseQuery reads what Query wrote. It takes any query: what it cannot use of the
// view is dropped, and what it cannot use of the form is kept as typed, to be
// complained about at its field.
func ParseQuery(query string) Place {
	p := DefaultPlace()
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			continue
		}
		value = strings.ToValidUTF8(value, "\uFFFD")
		p.set(name, value)
	}
	return p
}

func (p *Place) set(name, value string) {
	switch name {
	case "source":
		if s := Source(value); s == FromTask || s == FromText {
			p.Form.Source = s
		}
	case "head":
		layer, head, _ := strings.Cut(value, ".")
		l, h := index(layer), index(head)
		if l >= 0 && h >= 0 {
			p.Head = &picture.Head{Layer: l, Head: h}
		}
	case "line":
		p.Line = index(value)
	case "at":
		p.Pin = index(value)
	case "metric":
		for _, m := range picture.Metrics() {
			if string(m) == value {
				p.Metric = m
			}
		}
	case "shade":
		for _, s := range picture.Shades() {
			if string(s) == value {
				p.Shade = s
			}
		}
	default:
		p.Form = p.Form.With(name, value)
	}
}

// index reads a number from 0, -1 when s is none.
func index(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}
