package page

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/state"
	"kvscope/web/view"
	"kvscope/web/widget"
)

// TestBootReadsTheTheme: the boot script looks for the choice of colours where the page keeps it.
func TestBootReadsTheTheme(t *testing.T) {
	boot, err := os.ReadFile("../../wasm_exec.js")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(boot), `localStorage.getItem("`+themeKey+`")`) {
		t.Errorf("wasm_exec.js does not read %s", themeKey)
	}
}

// TestPagesRenderWithoutABrowser: the server renders them first.
func TestPagesRenderWithoutABrowser(t *testing.T) {
	hosts := func() []client.Host { t.Error("the page connects before it is in a browser"); return nil }
	for name, c := range map[string]struct {
		page app.UI
		has  []string
	}{
		"explorer": {NewExplorer(hosts), []string{`data-testid="controls"`, `data-testid="column-0"`, `data-testid="column-1"`, `data-state="idle"`, `data-testid="inspector"`, `data-testid="timeline"`}},
		"experiments": {
			NewExperiments(func() client.Lab { t.Error("the page connects before it is in a browser"); return nil }),
			[]string{`data-testid="experiments"`, `data-testid="grid"`, `data-testid="list"`, `data-testid="start"`},
		},
		"lessons": {NewLessons(), []string{`data-testid="lessons"`, `data-lesson="states"`, `lesson=quest.1`, `id="term-KV-cache"`}},
		"notes":   {NewNotes(), []string{`data-testid="notes"`}},
		"gallery": {NewGallery(), []string{`data-testid="gallery"`, `data-theme="light"`, `data-theme="dark"`}},
	} {
		t.Run(name, func(t *testing.T) {
			html := app.HTMLString(c.page)
			for _, want := range c.has {
				if !strings.Contains(html, want) {
					t.Errorf("no %s in the page", want)
				}
			}
		})
	}
}

// TestEveryStateIsVisible renders a column in each state it can be in.
func TestEveryStateIsVisible(t *testing.T) {
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 2, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	unreachable, _ := newState(state.DefaultPlace()).Do(state.HasEngines{Engines: []state.Engine{{Kind: "server", Advice: "start it again"}}})
	unreachable, _ = unreachable.Do(state.MetaFailed{Err: errors.New("no route")})
	stopped, _ := newState(state.DefaultPlace()).Do(state.MetaArrived{Meta: api.Meta{Models: []run.ModelInfo{{Name: "a"}}}})
	stopped, _ = stopped.Do(state.Stop{})
	cut := &picture.Run{}
	for _, e := range events[:len(events)-3] {
		if err := cut.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	fromFile, _ := newState(state.DefaultPlace()).Do(state.Opened{Name: "half.safetensors", Run: cut})
	for name, c := range map[string]struct {
		s    state.Snapshot
		says []string
	}{
		"opened, cut": {fromFile, []string{`data-state="done"`, "from half.safetensors", `data-testid="grid-0"`}},
		"asking":      {newState(state.DefaultPlace()), []string{`data-state="idle"`, "Asking the engine"}},
		"no server":   {unreachable, []string{`data-state="idle"`, "does not answer", "no route", "start it again"}},
		"idle":        {stopped, []string{`data-state="idle"`, "Press Run", "stopped"}},
		"waiting":     {replay(nil), []string{`data-state="loading"`, "waiting for its turn", "bar unsure"}},
		"reading":     {replay(events[:1]), []string{`data-state="loading"`, "reading 2", "bar unsure"}},
		"answering":   {replay(events[:len(events)-3]), []string{`data-state="loading"`, "answering, token", "scaleX("}},
		"done":        {replay(events), []string{`data-state="done"`, `data-testid="score"`, "prompt 212 ms"}},
		"preview":     {previewed(replay(events)), []string{`data-state="loading"`, `class="tag preview"`, "bar unsure", "preview from the scores of the last run; decoding again", `data-budget="0.25"`, `data-state="waiting"`}},
		"failed":      {replay([]trace.Event{&trace.Failure{Field: "budget", Message: "too small"}}), []string{`data-state="failed"`, "budget: too small", "Correct the field"}},
		"failed mid":  {replay(append(events[:len(events)-3:len(events)-3], &trace.Failure{Message: "out of memory"})), []string{`data-state="failed"`, "out of memory", `data-testid="grid-0"`}},
	} {
		t.Run(name, func(t *testing.T) {
			html := app.HTMLString(screenOf(&c.s).column("0", 0, &c.s, 0, nil))
			for _, want := range c.says {
				if !strings.Contains(html, want) {
					t.Errorf("no %q in %s", want, html[:min(len(html), 900)])
				}
			}
		})
	}
}

// TestEverySpecimenIsDrawn: what the gallery shows of the explorer is there.
func TestEverySpecimenIsDrawn(t *testing.T) {
	list, err := specimens()
	if err != nil || len(list) < 20 {
		t.Fatalf("%d specimens, %v", len(list), err)
	}
	for _, sp := range list {
		if html := app.HTMLString(sp.part(sp, sp.name)); len(html) < 300 {
			t.Errorf("%s is %q", sp.name, html)
		}
	}
}

// replay is a page on which a run has come as far as events.
func replay(events []trace.Event) state.Snapshot {
	return state.Replay("attention", events, view.States(views()))
}

// screenOf is the screen of a page in a state.
func screenOf(s *state.Snapshot) *screen {
	p := &screen{}
	p.update(s)
	return p
}

// TestPicturesAreKept: moving the pointer over the blocks must not draw anew, and
// what changes must. Drawing the page works out nothing.
func TestPicturesAreKept(t *testing.T) {
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 2, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := replay(events)
	p := screenOf(&s)
	grid, below := p.views[0].Grid, p.kept[0].picture
	do := func(a state.Action) {
		s, _ = s.Do(a)
		p.update(&s)
	}
	if do(state.Point{Block: 3, Line: 1}); p.views[0].Grid != grid || p.kept[0].picture != below {
		t.Error("the pointer draws the grid again")
	}
	if do(state.GoTo{Line: 2}); p.views[0].Grid != grid || p.kept[0].picture == below || p.views[0].Line != 2 || p.views[0].Step != 2 {
		t.Error("another line needs another shading of the prompt and the same grid")
	}
	if do(state.MoveHead{By: 1}); p.views[0].Grid == grid || p.views[0].Grid.Picked == nil {
		t.Error("another head needs another grid")
	}
	grid, below = p.views[0].Grid, p.kept[0].picture
	if do(state.Show{View: "scores"}); p.views[0].Grid != grid || p.kept[0].picture == below {
		t.Error("another view needs another picture and the same grid")
	}
	grid, below = p.views[0].Grid, p.kept[0].picture
	app.HTMLString(p.column("0", 0, &s, 0, nil))
	if p.views[0].Grid != grid || p.kept[0].picture != below {
		t.Error("drawing the page makes pictures")
	}
}

func TestInspectorReadsBothColumns(t *testing.T) {
	events, err := sample.Events(sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 2, Context: 256, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := replay(events)
	look := func() widget.Inspector { return screenOf(&s).inspector }
	run := s.Columns[0].Run()
	in := look()
	if gold := run.Gold(0) / run.Block(); in.Block != gold || !in.Gold {
		t.Errorf("at rest it reads block %d, want the gold one, %d", in.Block, gold)
	}
	if !in.Columns[0].Has || in.Columns[1].Has {
		t.Error("the empty column has something to say, or the full one has not")
	}
	c := in.Columns[0]
	if c.Token != c.Want || c.State != "right" || c.Bytes*c.Reads.Present != c.Dense*c.Reads.Read || c.Dense == 0 {
		t.Errorf("column %+v", c)
	}
	s, _ = s.Do(state.Point{Block: 2, Line: 1})
	if in = look(); in.Block != 2 || in.Line != "step 1" || in.Columns[0].State != "wrong" || in.Lo != 32 {
		t.Errorf("under the pointer it reads %+v", in)
	}
	text := ""
	for _, r := range in.Text {
		text += r.Text
	}
	if want := strings.Join(run.Pieces()[32:48], ""); text != want {
		t.Errorf("text %q, want %q", text, want)
	}
}

func TestStreamBatches(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan []trace.Event, 10)
	var due []func()
	var waits time.Duration
	s := &stream{ctx: ctx, deliver: func(e []trace.Event) { got <- e }, told: func(api.RunProgress) {}, after: func(d time.Duration, f func()) { due, waits = append(due, f), d }}
	for range 5 {
		if err := s.Emit(&trace.Step{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(due) != 1 {
		t.Fatalf("%d batches are on their way, want one", len(due))
	}
	due[0]()
	if batch := <-got; len(batch) != 5 || waits != flushEvery {
		t.Errorf("a batch of %d events after %v, want all 5 at once after %v", len(batch), waits, flushEvery)
	}
	s.drew(time.Second)
	if err := s.Emit(&trace.Step{}); err != nil {
		t.Fatal(err)
	}
	s.flush()
	if batch := <-got; len(batch) != 1 {
		t.Errorf("a flush of %d events, want 1", len(batch))
	}
	if waits != time.Second {
		t.Errorf("after a drawing of a second the next batch waits for %v, want as long", waits)
	}
	cancel()
	if err := s.Emit(&trace.Step{}); err == nil {
		t.Error("a cancelled run goes on")
	}
	s.flush()
	select {
	case batch := <-got:
		t.Errorf("%d events after the end", len(batch))
	default:
	}
}

// TestOpenTellsTextsApart: texts and RULER's files go into the form, runs and maps into a
// column, and anything else is refused by what it is.
func TestOpenTellsTextsApart(t *testing.T) {
	read := func(path string) []byte {
		t.Helper()
		content, err := os.ReadFile("../../engine/" + path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for name, content := range map[string][]byte{
		"cjk.txt": read("niah/testdata/own/cjk.txt"), "validation.jsonl": read("niah/testdata/own/validation.jsonl"), "notes.md": []byte("# Notes"),
	} {
		if a, ok := open(1, name, bytes.NewReader(content), "", nil).(state.TextOpened); !ok || a.Text != string(content) || a.Name != name {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, c := range map[string]struct {
		content []byte
		problem string
	}{
		"config.json": {[]byte(`{"a": 1}`), "JSON text"},
		"notes.npz":   {[]byte("not a run"), "the file is text"},
		"other.jsonl": {[]byte(`{"a": 1}` + "\n" + `{"a": 2}`), "line 1: field input is missing"},
		"long.txt":    {bytes.Repeat([]byte("a "), run.MaxText), "2\u202f097\u202f152 bytes; the page takes texts of at most 1\u202f048\u202f576"},
		"plain.npy":   {read("runfile/testdata/maps/plain.npy"), "a NumPy array (.npy)"},
		"lfs":         {read("runfile/testdata/maps/lfs_pointer.safetensors"), "a git-lfs pointer"},
		"torch.pt":    {read("runfile/testdata/maps/torch.pt"), "a PyTorch file"},
	} {
		if a, ok := open(1, name, bytes.NewReader(c.content), "", nil).(state.NotOpened); !ok || a.Side != 1 || !strings.Contains(a.Problem, c.problem) {
			t.Errorf("%s: %+v, want %q", name, a, c.problem)
		}
	}
	var long bytes.Buffer
	r := &trace.Run{}
	events := []trace.Event{&trace.Header{Layers: 1, Heads: 1, HeadDim: 1, Block: 1, Method: "dense", Phase: "decode", Tokens: make([]trace.Token, 1)}}
	for i := range mostSteps + 1 {
		events = append(events, &trace.Step{Step: i, Position: i})
	}
	for _, e := range events {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&runfile.File{Run: r}).Write(&long); err != nil {
		t.Fatal(err)
	}
	if a, ok := open(1, "long.safetensors", bytes.NewReader(long.Bytes()), "", nil).(state.NotOpened); !ok || !strings.Contains(a.Problem, "4\u202f097 answer steps; the page shows runs of at most 4\u202f096") {
		t.Errorf("a run of very many steps: %+v", a)
	}
	if a, ok := open(0, "attentions.npz", bytes.NewReader(read("runfile/testdata/maps/attentions.npz")), "", nil).(state.Opened); !ok || a.Heads == nil {
		t.Errorf("maps: %+v", a)
	}
}

// TestFileNames: a saved file's name says of which run and what it is of, so that two budgets
// do not overwrite each other.
func TestFileNames(t *testing.T) {
	s := state.New(state.FirstPlace(), nil)
	for want, c := range map[string]struct {
		h    trace.Header
		what state.Export
	}{
		"kvscope-ratplus-quest-1_8-MK-2-3-grid.svg":    {trace.Header{Model: "ratplus", Method: "quest", Budget: 1. / 8, Task: "MK-2", Seed: 3}, state.Export{Picture: "grid", Format: "svg"}},
		"kvscope-ratplus-quest-1_16-MK-2-3-grid.svg":   {trace.Header{Model: "ratplus", Method: "quest", Budget: 1. / 16, Task: "MK-2", Seed: 3}, state.Export{Picture: "grid", Format: "svg"}},
		"kvscope-attention-moba-1_4-S-1-7.safetensors": {trace.Header{Model: "attention", Method: "moba", Budget: 1. / 4, Task: "S-1", Seed: 7}, state.Export{Picture: "run", Format: "safetensors"}},
		"kvscope-maps-heads@2x.png":                    {trace.Header{Model: "maps"}, state.Export{Picture: "heads", Format: "png", Scale: 2}},
	} {
		c.h.Layers, c.h.Heads, c.h.HeadDim, c.h.Block, c.h.Phase, c.h.Tokens = 1, 1, 1, 16, "decode", make([]trace.Token, 1)
		r := &picture.Run{}
		if err := r.Emit(&c.h); err != nil {
			t.Fatal(err)
		}
		if got := fileName(&widget.ColumnView{Run: r}, &s, c.what); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestFramesLeaveOut: an explorer in a frame whose address says nothing shows its views alone.
func TestFramesLeaveOut(t *testing.T) {
	page := app.HTMLString(NewEmbed(nil).Render())
	if want := `data-hide="header,controls,inspector,timeline"`; !strings.Contains(page, want) {
		t.Errorf("no %s in %.300s", want, page)
	}
	if page := app.HTMLString(NewExplorer(nil).Render()); strings.Contains(page, `data-hide="header`) {
		t.Error("the explorer leaves out the same")
	}
}

// TestInspectorKnowsWhatIsEdited: a button is in for a block that the form forces, however its
// list is written.
func TestInspectorKnowsWhatIsEdited(t *testing.T) {
	for list, want := range map[string]bool{"3,4": true, "3, 4": true, "4 3": true, "34": false, "": false} {
		s := newState(state.DefaultPlace())
		s.Draft.Force, s.PinnedBlock = list, 4
		if got := inspect(&s, nil); got.Forced != want || got.Dropped {
			t.Errorf("%q: forced %v, want %v; dropped %v", list, got.Forced, want, got.Dropped)
		}
	}
}
