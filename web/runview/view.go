package runview

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/runfile/events"
	"kvscope/web/picture"
)

// View is a recorded run and what of it is looked at.
type View struct {
	run  *picture.Run
	head *picture.Head // nil: all heads
	line int           // of the block grid
}

// Read opens the file of a run, as Explorer and `kvscope trace` save it.
func Read(file []byte) (*View, error) {
	saved, err := events.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read the run: %w", err)
	}
	r := &picture.Run{}
	for _, event := range saved.Events() {
		if err := r.Emit(event); err != nil {
			return nil, fmt.Errorf("read the run: %w", err)
		}
	}
	if r.LineCount() == 0 {
		return nil, input.Errorf("file", "holds a run that selected nothing")
	}
	first := slices.IndexFunc(r.Lines(), func(l picture.Line) bool { return l.Step >= 0 })
	return &View{run: r, line: max(0, first)}, nil
}

// Press does what a control asks for, by the name that it was drawn with: "head:2.3" looks
// at that head or, pressed again, at all, and "line:4" at that line. It reports whether
// there was something to do.
func (v *View) Press(control string) bool {
	kind, what, _ := strings.Cut(control, ":")
	h := v.run.Header
	switch kind {
	case "head":
		layer, head, _ := strings.Cut(what, ".")
		l, lErr := strconv.Atoi(layer)
		n, nErr := strconv.Atoi(head)
		if lErr != nil || nErr != nil || l < 0 || n < 0 || l >= h.Layers || n >= h.Heads {
			return false
		}
		at := picture.Head{Layer: l, Head: n}
		if v.head != nil && *v.head == at {
			v.head = nil
			return true
		}
		v.head = &at
		return true
	case "line":
		line, err := strconv.Atoi(what)
		if err != nil || line < 0 || line >= v.run.LineCount() || line == v.line {
			return false
		}
		v.line = line
		return true
	}
	return false
}

// lookedAt names the heads that grid and prompt are of.
func (v *View) lookedAt() string {
	if v.head == nil {
		return "all heads"
	}
	return fmt.Sprintf("layer %d head %d", v.head.Layer, v.head.Head)
}

// lineName says what a line of the grid is.
func (v *View) lineName(i int) string {
	l := v.run.Lines()[i]
	switch {
	case l.Step < 0:
		return fmt.Sprintf("query %d", l.First)
	case l.Step < len(v.run.Steps):
		return picture.Label(v.run.Steps[l.Step].Token)
	}
	return strconv.Itoa(l.Step)
}
