package page

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/browser"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/traces"
	"kvscope/web/widget"
)

// save writes something of a column to a file.
func (e *Explorer) save(f state.Save) {
	v := e.screen.views[f.Side]
	if v.Run == nil || v.Run.Header == nil {
		return
	}
	name := fileName(v, &e.s, f.What)
	say := func(text string) { e.ctx.Dispatch(func(app.Context) { e.do(state.ShowToast{Text: text}) }) }
	if v.Preview {
		say("A preview cannot be saved; wait for the run behind it.")
		return
	}
	switch f.What.Format {
	case "safetensors":
		e.do(state.ShowToast{Text: "collecting the run", Stays: true})
		go func() {
			file, err := e.runFile(f.Side)
			if err != nil {
				say("The run cannot be saved: " + err.Error())
				return
			}
			browser.Download(name, "application/octet-stream", file)
			say(name + " is saved")
		}()
	case "csv":
		text := table(e.rows(f))
		if text == nil {
			say("There is nothing to save yet.")
			return
		}
		browser.Download(name, "text/csv", text)
		say(name + " is saved")
	default:
		svg := e.vector(f)
		if svg == "" {
			say("There is nothing to save yet.")
			return
		}
		svg = plot.Resolve(svg, lookUp(e.s.SavesDark()))
		if f.What.Format == "svg" {
			browser.Download(name, "image/svg+xml", []byte(svg))
			say(name + " is saved")
			return
		}
		browser.DownloadPNG(name, svg, f.What.Scale, func(err error) { say(saved(name, err)) })
	}
}

// saved says that a picture is, or why not.
func saved(name string, err error) string {
	if err != nil {
		return name + " is not saved: " + err.Error() + ". The SVG has no such limit."
	}
	return name + " is saved"
}

// keepRun puts the run of a column among the traces of this browser.
func (e *Explorer) keepRun(side int) {
	v := e.screen.views[side]
	if v.Run == nil || v.Run.Header == nil {
		return
	}
	name := fileName(v, &e.s, state.Export{Picture: "run", Format: "safetensors"})
	say := func(text string) { e.ctx.Dispatch(func(app.Context) { e.do(state.ShowToast{Text: text}) }) }
	if v.Preview {
		say("A preview cannot be kept; wait for the run behind it.")
		return
	}
	go func() {
		content, err := e.runFile(side)
		if err != nil {
			say("The run cannot be kept: " + err.Error())
			return
		}
		t, err := traces.Describe(name, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			say("The run cannot be kept: " + err.Error())
			return
		}
		keepTrace(t, browser.NewFile(name, "application/octet-stream", content),
			func(traces.Trace) { say("The run is kept; the page Traces has it.") }, func() { say(noKeeping) })
	}()
}

// fileName says what is in a file.
func fileName(v *widget.ColumnView, s *state.Snapshot, what state.Export) string {
	h := v.Run.Header
	parts := []string{"kvscope", h.Model, h.Method}
	if h.Method != "" {
		parts = append(parts, sparse.FormatBudget(h.Budget))
		parts = append(parts, whatIf(h.Intervention)...)
	}
	if h.Task != "" {
		parts = append(parts, h.Task, strconv.FormatUint(h.Seed, 10))
	}
	switch what.Picture {
	case "run":
	case "view":
		parts = append(parts, s.Viewed().Name)
	default:
		parts = append(parts, what.Picture)
	}
	if head := s.Looked(); head != nil && what.Picture != "run" {
		parts = append(parts, "head"+widget.HeadName(head))
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" }) // maps have no method
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || r == ' ' {
			return '_'
		}
		return r
	}, strings.Join(parts, "-"))
	if what.Scale > 1 {
		name += fmt.Sprintf("@%dx", what.Scale)
	}
	return name + "." + what.Format
}

// whatIf returns the parts of a file name that say how the memory or the blocks of a run were
// changed by hand, so that such runs get names of their own.
func whatIf(c *trace.Intervention) []string {
	if c == nil {
		return nil
	}
	var out []string
	if c.Strength != 1 {
		out = append(out, "strength"+number.Digits(c.Strength, 3))
	}
	if c.Cap > 0 {
		out = append(out, "cap"+strconv.Itoa(c.Cap))
	}
	if c.SelectWith == run.WithPlain || c.ComputeWith == run.WithPlain {
		out = append(out, "select_"+c.SelectWith, "compute_"+c.ComputeWith)
	}
	for _, b := range c.Force {
		out = append(out, "force"+strconv.Itoa(b))
	}
	for _, b := range c.Drop {
		out = append(out, "drop"+strconv.Itoa(b))
	}
	return out
}

// heaviestFile is how many bytes of queries, keys and gates a file of a run may hold;
// a run of more is saved without.
const heaviestFile = 256 << 20

// runFile writes a column's run as a file, with the tensors of its heads where they are few
// enough.
func (e *Explorer) runFile(side int) ([]byte, error) {
	on := e.s.Columns[side].On()
	h := on.Run.Header
	out := runfile.File{Run: &on.Run.Run}
	n := 12 * h.Layers * h.Heads * len(h.Tokens) * h.HeadDim
	if f, ok := on.Of.(state.File); ok && h.Method == "" && f.Heads != nil {
		first, err := f.Heads(0, 0)
		if err != nil {
			return nil, err
		}
		if n = h.Layers * h.Heads * first.Bytes(); n > heaviestFile {
			return nil, fmt.Errorf("maps of %s, the page saves at most %s: they are in %s already", number.Bytes(n), number.Bytes(heaviestFile), f.Name)
		}
	}
	if n <= heaviestFile {
		heads, err := e.allHeads(on)
		if err != nil {
			return nil, err
		}
		out.Heads = heads
	}
	var file bytes.Buffer
	err := out.Write(&file)
	return file.Bytes(), err
}

// allHeads returns the tensors of every head; the engine is asked for those that the page does
// not have.
func (e *Explorer) allHeads(on *state.Content) (lens.Heads, error) {
	heads := map[picture.Head]*lens.HeadTensors{}
	switch of := on.Of.(type) {
	case state.File:
		return of.Heads, nil
	case state.Asked:
		for i := range on.Run.Header.Layers * on.Run.Header.Heads {
			at := picture.Head{Layer: i / on.Run.Header.Heads, Head: i % on.Run.Header.Heads}
			if data := on.HeadData[at]; data.Phase == state.Done {
				heads[at] = data.Head
				continue
			}
			head, err := e.engine.Head(context.Background(), of.Request, at.Layer, at.Head)
			if err != nil {
				return nil, err
			}
			heads[at] = head
		}
	}
	return func(l, n int) (*lens.HeadTensors, error) { return heads[picture.Head{Layer: l, Head: n}], nil }, nil
}

// rows is the numbers of a picture, nil where there are none.
func (e *Explorer) rows(f state.Save) [][]string {
	v := e.screen.views[f.Side]
	switch f.What.Picture {
	case "grid":
		return gridTable(v)
	case "heads":
		return headsTable(v)
	}
	return e.screen.kept[f.Side].picture.Table(e.screen.frame("", f.Side, &e.s, 0, nil))
}

// table writes rows as CSV, nil for none.
func table(rows [][]string) []byte {
	var out bytes.Buffer
	_ = csv.NewWriter(&out).WriteAll(rows) // a buffer takes everything
	return out.Bytes()
}

func headsTable(v *widget.ColumnView) [][]string {
	rows := [][]string{{"layer", "head", "hit_steps", "gold_steps", "recall", "mass", "memory_length", "jaccard", "density", "output_error", "kind"}}
	for i, c := range v.Heads.Cells {
		rows = append(rows, []string{
			strconv.Itoa(i / v.Heads.Heads), strconv.Itoa(i % v.Heads.Heads), strconv.Itoa(c.Hits), strconv.Itoa(c.Golds),
			known(c.Recall), known(c.Mass), strconv.Itoa(c.MemoryLength), known(c.Jaccard), known(c.Density), known(c.Error), c.Kind,
		})
	}
	return rows
}

// known writes a quantity, nothing where it is not known.
func known(x float32) string {
	if x < 0 {
		return ""
	}
	return strconv.FormatFloat(float64(x), 'g', -1, 32)
}

func gridTable(v *widget.ColumnView) [][]string {
	rows := [][]string{{"line", "step", "query", "block", "picked", "oracle", "gold", "left_only", "both", "right_only"}}
	g := v.Grid
	for i, l := range g.Lines {
		for b := range g.Columns {
			at := i*g.Columns + b
			row := []string{
				strconv.Itoa(i), strconv.Itoa(l.Step), strconv.Itoa(l.First), strconv.Itoa(b),
				known(g.Share[at]), strconv.FormatBool(g.Oracle[at]), strconv.FormatBool(g.Gold[i] == b), "", "", "",
			}
			if g.Diff != nil {
				row[7], row[8], row[9] = known(g.Diff.Left[at]), known(g.Diff.Both[at]), known(g.Diff.Right[at])
			}
			rows = append(rows, row)
		}
	}
	return rows
}
