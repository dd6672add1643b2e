package widget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// ColumnView holds the contents of a column, worked out from a snapshot.
type ColumnView struct {
	Name     string // of its model and what tells it from the other columns
	Short    string // the least that does
	How      string // its cache was read
	Verdict  string // whether the method or the model is to blame for the answer, or ""
	Model    string
	Phase    state.Phase
	Stopped  bool
	Recorded bool            // when the site was made, not run now
	Waits    api.RunProgress // what the run waits for
	Stale    bool            // the pictures are of the run before
	Preview  bool            // or of its scores
	Gen      int
	Problem  state.Problem

	Run    *picture.Run
	Grid   *picture.Grid
	Heads  *picture.Heads
	Labels []LineLabel
	Line   int // looked at, or -1
	Step   int // of it, or -1
	Shift  int // lines of the timeline before the run's first
	First  int // line that answer step 0 is
	Gold   int // position that the step copies from, or -1
	Reads  picture.Reads

	Unopened state.Problem   // of a file that was to be opened here
	File     string          // that the run was opened from, or ""
	Base     *picture.Run    // the run without what is forced or dropped, or nil
	Against  string          // name of the column compared with, or ""
	HeadData state.HeadData  // of the locked head
	Training *state.Training // of the model, nil where no steps of it are there
}

// Progress is how much of the run is done, below 0 when that cannot be told.
func (v *ColumnView) Progress() float64 {
	switch {
	case v.Phase == state.Done:
		return 1
	case v.Phase == state.Loading && v.Waits.Kind == api.Weights:
		return v.waited()
	case v.Phase != state.Loading, v.Stale, v.Preview, v.Run == nil, v.Run.Header == nil, len(v.Run.Header.Answer) == 0:
		return -1
	}
	if len(v.Run.Steps) == 0 && v.Run.LineCount() == 0 {
		return v.waited()
	}
	return min(float64(len(v.Run.Steps))/float64(len(v.Run.Header.Answer)), 1)
}

// waited is how much there is of what the run waits for, below 0 when that cannot be told.
func (v *ColumnView) waited() float64 {
	if v.Waits.Of == 0 {
		return -1
	}
	return min(float64(v.Waits.Done)/float64(v.Waits.Of), 1)
}

// downloaded says how much of a download is there.
func downloaded(p api.RunProgress) string {
	return number.Bytes(p.Done) + " of " + number.Bytes(p.Of)
}

// left says about how long the rest takes, where it is long enough to wait for.
func left(p api.RunProgress) string {
	if p.LeftMS < 2000 {
		return ""
	}
	return ", about " + number.Wait(float64(p.LeftMS)/1000) + " left"
}

// Status says in words where the column stands.
func (v *ColumnView) Status() string {
	switch v.Phase {
	case state.Loading:
		switch {
		case v.Preview:
			return "preview from the scores of the last run; decoding again…"
		case v.Waits.Kind == api.Weights && v.Waits.Done < v.Waits.Of:
			return "fetching the model, " + downloaded(v.Waits)
		case v.Stale || v.Run == nil || v.Run.Header == nil:
			return "waiting for its turn"
		case v.Run.LineCount() == 0 && v.Waits.Kind == api.Prompt:
			return fmt.Sprintf("reading, %s of %s tokens", number.Count(v.Waits.Done), number.Count(v.Waits.Of)) + left(v.Waits)
		case v.Run.LineCount() == 0:
			return fmt.Sprintf("reading %s tokens", number.Count(len(v.Run.Header.Tokens)))
		}
		if len(v.Run.Header.Answer) == 0 {
			return fmt.Sprintf("answering, token %d", len(v.Run.Steps)+1)
		}
		return fmt.Sprintf("answering, token %d of about %d", len(v.Run.Steps)+1, len(v.Run.Header.Answer))
	case state.Failed:
		return "failed"
	case state.Done:
		d := v.Run.Done
		if d == nil {
			return "stopped" // before it was saved
		}
		if d.LightFrom != nil {
			return fmt.Sprintf("prompt %s, %s a token; scores and attention up to step %d, of the others they are too many to keep",
				number.Milliseconds(d.PrefillMS), number.Milliseconds(d.DecodeMS), *d.LightFrom-1)
		}
		took := fmt.Sprintf("prompt %s, %s a token", number.Milliseconds(d.PrefillMS), number.Milliseconds(d.DecodeMS))
		if v.Recorded {
			return "recorded; Run computes it here: " + took
		}
		return took
	}
	if v.Stopped {
		return "stopped"
	}
	return "idle"
}

// Intervention says in words what of the run is not as the model was trained or the
// method decides, "" when nothing is.
func (v *ColumnView) Intervention() string {
	if v.Run == nil || v.Run.Header == nil || v.Run.Header.Intervention == nil {
		return ""
	}
	c := v.Run.Header.Intervention
	var parts []string
	if c.Strength != 1 {
		parts = append(parts, "memory at "+number.Percent(c.Strength))
	}
	if c.Cap > 0 {
		parts = append(parts, fmt.Sprintf("memory of %s tokens", number.Count(c.Cap)))
	}
	if c.SelectWith == "plain" || c.ComputeWith == "plain" {
		selects := map[string]string{"plain": "K", "memory": "K̃"}[c.SelectWith]
		computes := map[string]string{"plain": "(K, V)", "memory": "(K̃, Ṽ)"}[c.ComputeWith]
		parts = append(parts, "selects with "+selects+", computes with "+computes)
	}
	if len(c.Force) > 0 {
		parts = append(parts, "forced "+numbers(c.Force))
	}
	if len(c.Drop) > 0 {
		parts = append(parts, "dropped "+numbers(c.Drop))
	}
	return strings.Join(parts, " · ")
}

// Column lays out the column of one run: its answer, its blocks, its heads, its prompt. The
// id is its own on the page; below stands below the heads.
func Column(id string, side int, v *ColumnView, s *state.Snapshot, below app.UI, on *Bus) app.UI {
	root := app.Section().Class("column").
		Aria("label", landmark(v.Name, id)).
		Aria("busy", strconv.FormatBool(v.Phase == state.Loading)).
		DataSet("testid", "column-"+id).
		DataSet("state", string(v.Phase)).
		DataSet("stale", strconv.FormatBool(v.Stale)).
		DataSet("preview", strconv.FormatBool(v.Preview)).
		DataSet("gen", v.Gen).
		DataSet("side", side).
		DataSet("file", v.File).
		DataSet("recorded", strconv.FormatBool(v.Recorded)).
		DataSet("model", v.Model)
	if v.Run != nil && v.Run.Header != nil {
		h := v.Run.Header
		root.DataSet("method", h.Method).DataSet("budget", strconv.FormatFloat(h.Budget, 'g', -1, 64)).
			DataSet("task", h.Task).DataSet("seed", strconv.FormatUint(h.Seed, 10)).DataSet("k", h.K).DataSet("block", h.Block)
	}
	body := []app.UI{columnHead(v, side, on), progressBar(v), columnNotes(id, side, v, on)}
	if v.Run == nil || v.Run.Header == nil {
		if v.Phase != state.Failed {
			body = append(body, emptyColumn(v, s))
		}
		return root.Body(body...)
	}
	return root.Body(append(body, pictures(id, side, v, s, below, on)...)...)
}

// columnNotes lists the notes about a column in one element, however many there are, so that
// the elements below keep their place among the column's children, and with it the keyboard.
func columnNotes(id string, side int, v *ColumnView, on *Bus) app.UI {
	var body []app.UI
	if text := v.Intervention(); text != "" {
		body = append(body, app.Div().Class("counterfactual").DataSet("testid", "counterfactual-"+id).Body(
			app.B().Title("not how the model was trained").Text("what-if"), app.Span().Text(text)))
	}
	if v.Unopened.Message != "" {
		body = append(body, app.Div().Class("message bad").Attr("role", "alert").DataSet("testid", "unopened-"+id).Body(
			app.B().Text(v.Unopened.Message), app.P().Text(v.Unopened.Advice),
			&Press{Label: "close", Title: "take this message away", Do: state.Dismiss{Side: side}, On: on}))
	}
	if v.Phase == state.Failed {
		body = append(body, app.Div().Class("message bad").Attr("role", "alert").DataSet("testid", "failure-"+id).Body(
			app.B().Text(v.Problem.Message), app.P().Text(v.Problem.Advice)))
	}
	return app.Div().Class("column-notes").Body(body...)
}

// landmark names a part of the page, of which there is one of its kind for each column: by
// the id too where a page has more of them.
func landmark(name, id string) string {
	if len(id) <= 1 {
		return name
	}
	return name + ", " + id
}

// emptyColumn says why there is nothing to see yet.
func emptyColumn(v *ColumnView, s *state.Snapshot) app.UI {
	what, more := "Nothing has run here yet.", "Press Run."
	switch {
	case v.File != "":
		what, more = "Opening "+v.File+".", ""
	case s.MetaPhase == state.Failed:
		what, more = "The engine does not answer.", s.Engine.Advice+" ("+s.MetaError+")"
	case s.MetaPhase == state.Loading:
		what, more = "Asking the engine for its models.", ""
	case v.Phase == state.Loading && v.Waits.Kind == api.Weights:
		what, more = "The model is on its way.", downloaded(v.Waits)
	case v.Phase == state.Loading:
		what, more = "The run is on its way.", ""
	}
	return app.Div().Class("message").Attr("role", "status").Body(app.B().Text(what), app.Span().Text(more))
}

// scored says what the answer of a run that is done is worth, and its class, "" before.
func (v *ColumnView) scored() (class, text string) {
	if v.Phase != state.Done || v.Run == nil || v.Run.Done == nil || v.Run.Header.Arch == run.ArchCapture {
		return "", ""
	}
	d := v.Run.Done
	switch {
	case len(v.Run.Header.Expected) == 0 && d.LogLik != nil:
		return "free", "ln p " + number.LogLik(*d.LogLik)
	case len(v.Run.Header.Expected) == 0:
		return "free", "nothing expected"
	case d.Score >= 0.9995:
		return "right", "✓ right"
	case d.Score == 0:
		return "wrong", "✗ wrong"
	}
	return "part", number.Percent(d.Score) + " right"
}

// Outcome says to those who hear the page what the columns answered, once they all have.
func Outcome(views []*ColumnView) app.UI {
	var parts []string
	for _, v := range views {
		_, text := v.scored()
		if text == "" {
			parts = nil
			break
		}
		said := strings.Trim(v.Name+", "+v.How, ", ") + ": " + strings.TrimLeft(text, "✓✗ ")
		if want := v.Run.Header.Expected; len(want) > 0 {
			said += ", expected " + strings.Join(want, ", ")
		}
		if v.Verdict != "" {
			said += "; " + v.Verdict
		}
		parts = append(parts, said+".")
	}
	return app.P().Class("unseen").Attr("role", "status").DataSet("testid", "outcome").Text(strings.Join(parts, " "))
}

// columnHead is two lines, however much of them is known yet, so that what is below stands
// beside the same of the other columns.
func columnHead(v *ColumnView, side int, on *Bus) app.UI {
	status := v.Status()
	if v.File != "" {
		status = "from " + v.File
	}
	body := []app.UI{
		app.H2().Title(v.Name).Text(v.Name),
		app.Span().Class("how").DataSet("testid", "how").Title(v.How).Text(v.How),
		app.Span().Class("status").Title(status).Text(status),
	}
	if v.Preview {
		body = append(body, app.Span().Class("tag preview").DataSet("testid", "preview").Aria("hidden", "true").Text("preview"))
	}
	said := []app.UI{app.Span().Class("verdict").DataSet("testid", "verdict").Title(v.Verdict).Text(v.Verdict)}
	if class, text := v.scored(); text != "" {
		said = append(said, likelihood(v.Run.Done))
		body = append(body, app.Span().Class("score "+class).DataSet("testid", "score").DataSet("score", v.Run.Done.Score).Text(text))
	}
	if v.Run != nil && v.Run.Header != nil && v.Phase != state.Loading {
		if v.File == "" {
			body = append(body,
				&IconButton{Icon: iconCommand, Title: "copy as a command: the line for a shell that repeats this run", Test: "command", Do: state.AsCommand{Side: side}, On: on},
				&IconButton{Icon: iconKeep, Title: "keep this run among the traces", Test: "keep", Do: state.Keep{Side: side}, On: on})
		}
		body = append(body, &SaveMenu{Side: side, Picture: "run", Formats: "safetensors", Label: "save this run as a file", On: on})
	}
	body = append(body, OpenButton("open-"+strconv.Itoa(side), side, "open a saved run or attention maps in this column; or drop the file on it"))
	return app.Div().Class("column-head").Body(app.Div().Class("column-title").Body(body...), app.Div().Class("column-said").Body(said...))
}

// likelihood is how likely the expected answer, or a free prompt, was as the run read.
func likelihood(d *trace.Done) app.UI {
	text, title := "", ""
	switch {
	case d.ExpectedLogLik != nil:
		text, title = "ln p "+number.LogLik(*d.ExpectedLogLik), "log-likelihood of the expected answer, each of its tokens after those before it"
	case d.Perplexity != nil:
		text, title = "perplexity "+number.Perplexity(*d.Perplexity), "of the prompt's tokens, as they were read"
	}
	return app.Span().Class("note quiet likelihood").DataSet("testid", "likelihood").Hidden(text == "").Title(title).Text(text)
}

func progressBar(v *ColumnView) app.UI {
	bar := app.Div().Attr("role", "progressbar").Aria("label", "progress of "+v.Name)
	p := v.Progress()
	switch {
	case v.Phase != state.Loading:
		return bar.Class("bar").Hidden(true).Body(app.I())
	case p < 0:
		return bar.Class("bar unsure").Hidden(false).Body(app.I())
	}
	return bar.Class("bar").Hidden(false).Aria("valuenow", int(p*100)).
		Body(app.I().Style("transform", fmt.Sprintf("scaleX(%.3f)", p)))
}

func pictures(id string, side int, v *ColumnView, s *state.Snapshot, below app.UI, on *Bus) []app.UI {
	h := v.Run.Header
	if h.Method == "" {
		return []app.UI{mapHeads(id, v, s, on), below}
	}
	var base []*trace.Step
	if v.Base != nil {
		base = v.Base.Steps
	}
	answer := app.Div().Class("picture stale").DataSet("part", "answer").Hidden(h.Arch == run.ArchCapture)
	return []app.UI{
		answer.Body(
			&Answer{ID: id, Expected: h.Answer, Gold: h.Gold, Steps: v.Run.Steps, Base: base, Step: v.Step, First: v.First + v.Shift, On: on},
			&Legend{Of: "answer-" + id, Keys: AnswerLegend()}),
		GridBox(id, side, v, s, on),
		HeadsBox(id, side, v, s, on),
		below,
	}
}

// GridBox is the part of a column that shows its blocks.
func GridBox(id string, side int, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	looked := s.Looked()
	return app.Div().Class("picture stale").DataSet("part", "grid").Body(
		app.H3().Class("heading").Body(
			app.Span().Text(gridTitle(v)),
			app.Span().Class("note").Title(gridNote(v, looked)).Text(gridNote(v, looked)),
			compareButton(side, s, on),
			&SaveMenu{Side: side, Picture: "grid", Formats: "png svg csv", Label: "save the blocks", Dark: s.IsDark(), White: s.White, On: on}),
		&BlockGrid{ID: id, Grid: v.Grid, Labels: v.Labels, Head: looked, Cursor: v.Line, Shift: v.Shift, Block: s.Pointed(), Held: s.PinnedBlock, Dark: s.IsDark(), On: on},
		&Legend{Of: "grid-" + id, Keys: picture.GridLegend(v.Grid, v.Against, v.Name)})
}

// HeadsBox is the part of a column that shows its heads.
func HeadsBox(id string, side int, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	looked, metric := s.Looked(), s.Metric
	if v.Against != "" {
		metric = picture.Jaccard
	}
	return app.Div().Class("picture stale").DataSet("part", "heads").Body(
		app.H3().Class("heading").Body(app.Span().Text("Heads"),
			headSwitch(id, v, s, on),
			&HeadFinder{ID: id, Heads: headsOf(v.Heads), On: on},
			&Press{Label: "zoom", Title: "heads as large as their numbers need (z)", On: on, Pressed: s.Zoomed, Hidden: !many(v.Heads) || s.Ranked, Test: "zoomed-" + id, Do: state.Toggle{Name: "zoomed"}},
			&Press{Label: "sort", Title: "sort heads by their metric (r)", On: on, Pressed: s.Ranked, Test: "ranked-" + id, Do: state.Toggle{Name: "ranked"}},
			&SaveMenu{Side: side, Picture: "heads", Formats: "png svg csv", Label: "save the heads", Dark: s.IsDark(), White: s.White, On: on}),
		app.Div().Class("heads-box").Body(
			&HeadGrid{ID: id, Heads: v.Heads, Metric: metric, Ranked: s.Ranked, Zoomed: s.Zoomed, Locked: s.Head, On: on},
			&HeadFigures{Heads: v.Heads, Head: looked, Lock: s.Preview == nil && s.Head != nil, Reads: v.Reads, Against: v.Against}),
		&Legend{Of: "heads-" + id, Keys: picture.HeadsLegend(v.Heads, metric, s.Ranked, len(v.Run.Header.Tokens))})
}

// mapHeads chooses among heads of which nothing but the attention is known.
func mapHeads(id string, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	h := v.Run.Header
	return app.Div().Class("picture stale").DataSet("part", "heads").Body(
		app.H3().Class("heading").Body(app.Span().Text("Heads"), app.Span().Class("note").Text(fmt.Sprintf("%d layers of %d, attention maps alone", h.Layers, h.Heads))),
		&HeadGrid{ID: id, Heads: v.Heads, Metric: picture.Mass, Zoomed: s.Zoomed, Locked: s.Head, On: on})
}

// headSwitch chooses the metric; compared heads have one of their own.
func headSwitch(id string, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	if v.Against != "" {
		return app.Span().Class("note").Text("picks in common with " + v.Against)
	}
	return &MetricMenu{ID: id, Value: string(s.Metric), Options: metricOptions(v.Heads, s.Metric), On: on}
}

func compareButton(side int, s *state.Snapshot, on *Bus) app.UI {
	return &Press{
		Label: "compare", Title: "compare with column 1: what is picked otherwise there (d)", Pressed: s.Compare,
		Test: fmt.Sprintf("compare-%d", side), Hidden: side == 0, Do: state.Toggle{Name: "compare"}, On: on,
	}
}

func gridTitle(v *ColumnView) string {
	if v.Against != "" && v.Grid != nil && v.Grid.Diff != nil {
		return "Blocks, against " + v.Against
	}
	if v.Run.ByQuery() {
		return "Blocks, by query"
	}
	return "Blocks, by answer step"
}

func gridNote(v *ColumnView, looked *picture.Head) string {
	h := v.Run.Header
	if h.Rates != "" {
		return blocksRead(v, looked) + "; heads are rated by " + h.Rates
	}
	return blocksRead(v, looked)
}

// blocksRead says how much a query reads.
func blocksRead(v *ColumnView, looked *picture.Head) string {
	h := v.Run.Header
	if v.Against != "" && v.Grid != nil && v.Grid.Diff == nil {
		return "another prompt, nothing to compare"
	}
	what := ""
	if looked != nil {
		what = fmt.Sprintf("L%d·%d, ", looked.Layer, looked.Head)
	}
	info, _ := sparse.Method(h.Method)
	if info.Unit == sparse.UnitToken || v.Grid != nil && v.Grid.Unit < v.Grid.Block {
		of := len(h.Tokens)
		if h.EvictedAt != nil {
			of = *h.EvictedAt
		}
		return fmt.Sprintf("%s%s of %s tokens", what, number.Count(h.K), number.Count(of))
	}
	return fmt.Sprintf("%s%d of %d blocks", what, h.K, (len(h.Tokens)+v.Run.Block()-1)/v.Run.Block())
}
