package state

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kvscope/web/api"
	"kvscope/web/lesson"
	"kvscope/web/picture"
)

// Place is the state that a link restores: the request of the run on the screen and where
// the eye rests.
type Place struct {
	Form Form
	// Elsewhere names the text of a link that is not in the link itself, until it is found.
	Elsewhere   string
	Head        *picture.Head // locked head, nil for all heads
	Line        int           // line of the block grid, Auto when none was chosen
	PinnedBlock int           // block held in the inspector, None without one
	Metric      picture.Metric

	View    string // name of what stands below the heads, empty for the first view
	Token   int    // position whose memory is looked at, None for that of the step
	Ranked  bool   // heads in the order of their metric
	Zoomed  bool   // heads as large as their numbers need
	Compare bool   // columns show what they pick otherwise than the first
	Speed   Speed
	Wide    bool   // the view fills its column
	Present bool   // for an audience: large, without controls
	Hide    string // parts not shown, with commas between them

	Lesson lesson.At // step of the lecture beside the picture, zero outside it

	options map[string]string // of views, by name; nil where none was chosen
}

// Speed is how many times as fast as usual the timeline plays.
type Speed string

// Speeds lists them, the slowest first.
func Speeds() []Speed { return []Speed{"1/4", "1/2", "1", "2", "4"} }

// Parts lists what of the page can be left out.
func Parts() []string {
	return []string{"header", "controls", "inspector", "timeline", "question", "answer", "grid", "heads", "view"}
}

// Hides reports whether a part is left out.
func (p Place) Hides(part string) bool {
	return slices.Contains(strings.Split(p.Hide, ","), part)
}

// parseHide keeps the parts that there are, in their own order.
func parseHide(text string) string {
	asked := strings.Split(text, ",")
	return strings.Join(slices.DeleteFunc(Parts(), func(part string) bool { return !slices.Contains(asked, part) }), ",")
}

// Places that are none.
const (
	Auto = -1 // the line that the run suggests
	None = -1 // no block
)

// FirstPlace is the place of an address without a query: an example in which, reading the
// same share of the cache, one backbone loses the answer and the other finds it.
func FirstPlace() Place {
	p := DefaultPlace()
	p.Form.Task, p.Form.Seed = "MK-2", "3"
	return p
}

// DefaultPlace has what a query leaves out. It is not what a page without any shows,
// since links that are out in the world leave the same things out.
func DefaultPlace() Place {
	return Place{Form: DefaultForm(), Line: Auto, PinnedBlock: None, Metric: picture.Mass, Token: None, Speed: "1"}
}

// maxQuery bounds what a link carries: servers and mail programs refuse longer
// ones. Own text beyond it is kept under a name; see LongText.
const maxQuery = 12 << 10

// maxForm is how much of it the request may take: where the eye rests has to fit too, whatever
// is looked at.
const maxForm = maxQuery - 2<<10

// Query writes p as a URL query, empty for the first place and for any other with what
// differs from the defaults, in a fixed order.
func (p Place) Query() string {
	if reflect.DeepEqual(p, FirstPlace()) {
		return ""
	}
	if q := p.differences(DefaultPlace()); q != "" {
		return q
	}
	return "task=" + Escape(p.Form.Task) // all defaults, which is not the first place
}

// differences writes what p does not share with d.
func (p Place) differences(d Place) string {
	long := p.LongText()
	q := p.Form.differences(d.Form, long == "")
	q.most = maxQuery
	add := q.add
	add("text_name", long, "")
	if p.Head != nil {
		add("head", strconv.Itoa(p.Head.Layer)+"."+strconv.Itoa(p.Head.Head), "")
	}
	add("line", strconv.Itoa(p.Line), strconv.Itoa(d.Line))
	add("at", strconv.Itoa(p.PinnedBlock), strconv.Itoa(d.PinnedBlock))
	add("metric", string(p.Metric), string(d.Metric))
	add("view", p.View, d.View)
	add("token", strconv.Itoa(p.Token), strconv.Itoa(d.Token))
	for _, name := range slices.Sorted(maps.Keys(p.options)) {
		add(name, p.options[name], "")
	}
	for _, flag := range p.flags() {
		if *flag.at {
			add(flag.name, "1", "")
		}
	}
	add("speed", string(p.Speed), string(d.Speed))
	add("hide", p.Hide, "")
	add("lesson", p.Lesson.String(), "")
	return q.String()
}

// differences writes what f does not share with d, as far as an address has room for the fields,
// with its text or without.
func (f Form) differences(d Form, text bool) *query {
	q := &query{most: maxForm}
	q.add("source", string(f.Source), string(d.Source))
	for _, field := range fields {
		if field.name != "text" || text {
			q.add(field.name, *field.at(&f), *field.at(&d))
		}
		if field.name != "selector_seed" { // after which links have them
			continue
		}
		for _, name := range optionNames() {
			q.add(name, f.Options[name], d.Options[name])
		}
	}
	return q
}

// query is an address as it is written, of so many bytes at most.
type query struct {
	strings.Builder
	most int
	out  []string // names of what there was no room for
}

// add writes a part that is not what it is without being written.
func (q *query) add(name, value, unless string) {
	if value == unless {
		return
	}
	v := Escape(value)
	if q.Len()+len(name)+len(v)+2 > q.most {
		q.out = append(q.out, name)
		return
	}
	if q.Len() > 0 {
		q.WriteByte('&')
	}
	q.WriteString(name)
	q.WriteByte('=')
	q.WriteString(v)
}

// flag is a part of a place that is so or not.
type flag struct {
	name string
	at   *bool
}

func (p *Place) flags() []flag {
	return []flag{
		{"ranked", &p.Ranked}, {"zoomed", &p.Zoomed}, {"compare", &p.Compare}, {"wide", &p.Wide}, {"present", &p.Present},
	}
}

// Escape is URL query escaping that leaves fractions and lists readable.
func Escape(s string) string {
	s = url.QueryEscape(s)
	return strings.NewReplacer("%2F", "/", "%2C", ",", "%3A", ":", "%40", "@").Replace(s)
}

// ParseQuery reads what Query wrote. It takes any query: what it cannot use of the
// view is dropped, which Misread tells, and what it cannot use of the form is kept as
// typed, to be complained about at its field.
func ParseQuery(query string) Place {
	p, _ := readQuery(query, anyOption)
	return p
}

// Misread lists the parts of a query that are dropped, as they stand in it, by a page
// with such views.
func Misread(query string, views []View) []string {
	p, misread := readQuery(query, func(name, value string) (string, bool) { return readOption(views, name, value) })
	if p.View != "" && !slices.ContainsFunc(views, func(v View) bool { return v.Name == p.View }) {
		misread = append(misread, "view="+p.View)
	}
	return misread
}

// readQuery reads a query, in which option reads the options of views.
func readQuery(query string, option func(name, value string) (string, bool)) (p Place, misread []string) {
	if query == "" {
		return FirstPlace(), nil
	}
	p = DefaultPlace()
	read := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, bad := url.QueryUnescape(name)
		value, worse := url.QueryUnescape(value)
		value = strings.ToValidUTF8(value, "\uFFFD")
		if pair != "" && (bad != nil || worse != nil || !p.set(name, value, option)) {
			misread = append(misread, pair)
			continue
		}
		if before, twice := read[name]; twice && before != pair { // the last counts
			misread = append(misread, before)
		}
		read[name] = pair
	}
	if p.Form.Text != "" {
		p.Elsewhere = ""
	}
	return p, misread
}

// set reads one part of a query, and reports whether it could be used.
func (p *Place) set(name, value string, option func(name, value string) (string, bool)) bool {
	switch name {
	case "source":
		return oneOf(&p.Form.Source, value, Sources())
	case "text_name":
		if api.IsTextName(value) {
			p.Elsewhere = value
		}
		return api.IsTextName(value)
	case "head":
		layer, head, _ := strings.Cut(value, ".")
		l, h := index(layer), index(head)
		if l < 0 || h < 0 {
			return false
		}
		p.Head = &picture.Head{Layer: l, Head: h}
	case "line":
		return setIndex(&p.Line, value)
	case "at":
		return setIndex(&p.PinnedBlock, value)
	case "token":
		return setIndex(&p.Token, value)
	case "metric":
		return oneOf(&p.Metric, value, picture.Metrics())
	case "view":
		if !isViewName(value) { // which views there are is for the snapshot to say
			return false
		}
		p.View = value
	case "speed":
		return oneOf(&p.Speed, value, Speeds())
	case "hide":
		p.Hide = parseHide(value)
		return !slices.ContainsFunc(strings.Split(value, ","), func(part string) bool { return part != "" && !p.Hides(part) })
	case "lesson":
		p.Lesson = lesson.ParseAt(value)
		return value == "" || p.Lesson != (lesson.At{})
	default:
		for _, flag := range p.flags() {
			if flag.name == name {
				*flag.at = value == "1"
				return value == "1" || value == "0" || value == ""
			}
		}
		if !isField(name) {
			read, ok := option(name, value)
			if ok {
				p.setOption(name, read)
			}
			return ok
		}
		if slices.Contains(columnFields[:], name) && ParseColumn(value).String() != strings.TrimRight(value, ":") {
			return false
		}
		p.Form = p.Form.With(name, value)
	}
	return true
}

// oneOf sets what at points to where value is in the list.
func oneOf[T ~string](at *T, value string, list []T) bool {
	if !slices.Contains(list, T(value)) {
		return false
	}
	*at = T(value)
	return true
}

// setIndex sets what at points to, -1 for what is no number from -1.
func setIndex(at *int, value string) bool {
	*at = index(value)
	return *at >= 0 || value == "-1"
}

// index reads a number from 0, -1 when s is none.
func index(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}
