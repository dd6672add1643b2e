package widget

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
	"kvscope/web/state"
)

func sampleRun(t *testing.T, method string) *picture.Run {
	t.Helper()
	return sampletest.Into(t, sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 3, Context: 256, Seed: 1}, &picture.Run{})
}

// attribute lists the values of an attribute in the order they stand.
func attribute(html, name string) []string {
	var out []string
	for _, m := range regexp.MustCompile(name+`="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		out = append(out, m[1])
	}
	return out
}

var (
	withAttributes = regexp.MustCompile(`(<[a-z0-9]+)((?: [a-z-]+(?:="[^"]*")?)+)`)
	oneAttribute   = regexp.MustCompile(` [a-z-]+(?:="[^"]*")?`)
)

// ordered is html with the attributes of each element by name: go-app writes them in the
// order of a map.
func ordered(html string) string {
	return withAttributes.ReplaceAllStringFunc(html, func(open string) string {
		parts := withAttributes.FindStringSubmatch(open)
		attributes := oneAttribute.FindAllString(parts[2], -1)
		slices.Sort(attributes)
		return parts[1] + strings.Join(attributes, "")
	})
}

// TestBlockGridSaysWhatTheTraceSays reads the picks off the page.
func TestBlockGridSaysWhatTheTraceSays(t *testing.T) {
	r := sampleRun(t, "quest")
	head := picture.Head{Layer: 1, Head: 2}
	html := app.HTMLString(&BlockGrid{ID: "0", Grid: r.Grid(&head), Labels: Lines(r), Head: &head, Cursor: 1, Block: -1})
	var want []string
	for step := range r.Steps {
		s := r.Selection(step, head.Layer, head.Head)
		var picked []int
		for i := range s.Candidates {
			if s.Has(0, i) {
				picked = append(picked, i)
			}
		}
		want = append(want, numbers(picked))
	}
	// The grid itself has those of the line looked at.
	if got := attribute(html, "data-picked"); !slices.Equal(got, append([]string{want[1]}, want...)) {
		t.Errorf("picked %v, want %v", got, want)
	}
	if got := attribute(html, "data-head"); !slices.Equal(got, []string{"1.2"}) {
		t.Errorf("head %v, want 1.2", got)
	}
	if all := app.HTMLString(&BlockGrid{Grid: r.Grid(nil), Labels: Lines(r)}); strings.Contains(all, "data-picked") {
		t.Error("over all heads the grid claims picks")
	}
}

func TestAnswerSaysWhatIsRight(t *testing.T) {
	r := sampleRun(t, "quest") // whose second token is wrong
	html := app.HTMLString(&Answer{ID: "0", Expected: r.Header.Answer, Gold: r.Header.Gold, Steps: r.Steps[:3], Step: 1})
	want := []string{"right", "wrong", "right"}
	for range len(r.Header.Answer) - 3 {
		want = append(want, "waiting")
	}
	if got := attribute(html, "data-state"); !slices.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
	if strings.Count(html, "aria-current") != 1 {
		t.Error("not exactly one step is looked at")
	}
	longer := append(slices.Clone(r.Steps), &trace.Step{Step: len(r.Steps), Token: trace.Token{Text: "more"}})
	html = app.HTMLString(&Answer{Expected: r.Header.Answer, Steps: longer, Step: -1})
	if got := attribute(html, "data-state"); len(got) != len(longer)-1 {
		// The last has an empty state, which is written without a value.
		t.Errorf("%d states with a value for %d steps", len(got), len(longer))
	}
}

func TestHeadGridValues(t *testing.T) {
	r := sampleRun(t, "quest")
	h := r.HeadGrid()
	html := app.HTMLString(&HeadGrid{ID: "0", Heads: h, Metric: picture.Recall, Locked: &picture.Head{Layer: 1, Head: 0}})
	var want []string
	for _, c := range h.Cells {
		want = append(want, number.Share(c.Recall))
	}
	if got := attribute(html, "data-value"); !slices.Equal(got, want) {
		t.Errorf("values %v, want %v", got, want)
	}
	if got := strings.Count(html, `aria-pressed`) - strings.Count(html, `aria-pressed="false"`); got != 1 {
		t.Errorf("%d heads are pressed, want 1", got)
	}
}

// TestPromptIsEscaped: a person's own text becomes HTML.
func TestPromptIsEscaped(t *testing.T) {
	h := &trace.Header{Layers: 1, Heads: 1, Block: 2, Tokens: []trace.Token{{Text: `<img src=x onerror="alert(1)">`}, {Text: " &amp;"}, {Text: "</span>"}}}
	html := promptHTML(h, false, false)
	if strings.Contains(html, "<img") || strings.Count(html, "</span>") != 2 || !strings.Contains(html, "&amp;amp;") {
		t.Errorf("own text is not escaped: %s", html)
	}
}

func TestPromptMarks(t *testing.T) {
	r := sampleRun(t, "quest")
	html := promptHTML(r.Header, false, true)
	if got, want := len(attribute(html, "data-t")), len(r.Header.Tokens); got != want {
		t.Errorf("%d tokens, want %d", got, want)
	}
	if got, want := len(attribute(html, "data-b")), (len(r.Header.Tokens)+15)/16; got != want {
		t.Errorf("%d blocks, want %d", got, want)
	}
	gold := 0
	for _, p := range r.Header.Gold {
		if p >= 0 {
			gold++
		}
	}
	// Without elements for tokens that nothing is said of, the text and the marks are the same.
	coarse, tag := promptHTML(r.Header, false, false), regexp.MustCompile("<[^>]*>")
	if text, want := tag.ReplaceAllString(coarse, ""), tag.ReplaceAllString(html, ""); text != want {
		t.Errorf("text is %q, want %q", text, want)
	}
	if got := len(attribute(coarse, "data-t")); got < gold || got > len(r.Header.Tokens)/2 {
		t.Errorf("%d of %d tokens have an element, %d are gold", got, len(r.Header.Tokens), gold)
	}
	for _, html := range []string{html, coarse} {
		if got := strings.Count(html, `class="gold"`); got != gold {
			t.Errorf("%d tokens are gold, want %d", got, gold)
		}
	}
	h := &trace.Header{Block: 4, Tokens: []trace.Token{{Text: "left"}, {Text: " שלום"}}}
	if got := attribute(promptHTML(h, false, false), "data-t"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("tokens %v have an element, want the one that is read from the right", got)
	}
}

// TestEveryControlHasAName looks for what a screen reader could not name.
func TestEveryControlHasAName(t *testing.T) {
	r := sampleRun(t, "snapkv")
	s := state.New(state.DefaultPlace(), nil)
	v := &ColumnView{Name: "Attention", Phase: state.Done, Run: r, Grid: r.Grid(nil), Heads: r.HeadGrid(), Labels: Lines(r), Line: 0}
	pages := map[string]app.UI{
		"column":   Column("0", 0, v, &s, app.Div(), nil),
		"timeline": &Timeline{Lines: 3, Planned: 4},
		"header":   &Header{Path: "/"},
	}
	for _, m := range sparse.Methods() {
		pages["controls of "+m.ID] = &Controls{ID: "x", Form: state.DefaultForm().With("method", m.ID), Ready: true}
	}
	pages["own text"] = &Controls{ID: "x", Form: state.DefaultForm().With("source", "text").With("value", "7")}
	pages["questions"] = &Controls{ID: "x", Form: state.DefaultForm().With("source", "text")}
	tag := regexp.MustCompile(`<(button|input|textarea)([^>]*)>\s*((?:<span class="unseen">)?[^<]*)`)
	for name, ui := range pages {
		html := app.HTMLString(ui)
		controls := tag.FindAllStringSubmatch(html, -1)
		if len(controls) == 0 {
			t.Errorf("%s has no controls", name)
		}
		for _, c := range controls {
			id := attribute(c[2], ` id`)
			labelled := strings.Contains(c[2], "aria-label=") || strings.TrimSpace(c[3]) != "" ||
				len(id) == 1 && strings.Contains(html, `for="`+id[0]+`"`) ||
				strings.Contains(c[2], `type="checkbox"`) // which stands in its label
			if !labelled {
				t.Errorf("%s: no name for %s", name, c[0])
			}
		}
	}
}

// TestProblemsStandAtTheirFields, also those of fields that a person cannot type in.
func TestProblemsStandAtTheirFields(t *testing.T) {
	for _, c := range []struct{ field, method, source string }{
		{"task", "quest", "task"}, {"seed", "quest", "task"}, {"context", "quest", "task"}, {"depth", "quest", "task"},
		{"method", "quest", "task"}, {"selector", "quest", "task"}, {"selector", "dilated", "task"}, {"budget", "quest", "task"}, {"block", "quest", "task"},
		{"window", "snapkv", "task"}, {"kernel", "snapkv", "task"}, {"pooling", "snapkv", "task"},
		{"k", "quest", "task"}, {"max_new", "quest", "task"}, {"top_p", "twilight", "task"}, {"force", "quest", "task"}, {"drop", "quest", "task"},
		{"memory_strength", "quest", "task"}, {"memory_cap", "quest", "task"}, {"select_with", "quest", "task"}, {"compute_with", "quest", "task"},
		{"prose", "quest", "task"}, {"text", "quest", "text"}, {"key", "quest", "text"}, {"value", "quest", "text"}, {"questions", "quest", "text"},
	} {
		html := app.HTMLString(&Controls{
			ID: "x", Form: state.DefaultForm().With("method", c.method).With("source", c.source),
			Problems: state.Problems{c.field: "not like this"},
		})
		at := regexp.MustCompile(`<p[^>]*data-testid="problem-` + c.field + `"[^>]*>not like this`)
		if !at.MatchString(html) {
			t.Errorf("a problem of %s (%s, %s) is not shown", c.field, c.method, c.source)
		}
	}
}

// TestAModelIsDescribed by its size, the type of its weights, and whether it has a memory.
func TestAModelIsDescribed(t *testing.T) {
	html := app.HTMLString(&Controls{
		ID: "x", Form: state.DefaultForm().With("left", "SmolLM2"), Ready: true, Longest: 8192,
		Models: []run.ModelInfo{{Name: "SmolLM2", Title: "Llama", Layers: 30, Heads: 9, Context: 8192, Params: 134515008, DType: "Q4_1, Q8_0"}},
		Proses: []string{"sentences", "tom-sawyer"},
	})
	for _, want := range []string{"Llama, 135 million weights in Q4_1, Q8_0, 30 × 9 heads, 8\u202f192 tokens, no memory", "1024 of 8192", "Tom Sawyer"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in the form", want)
		}
	}
}

// TestToastsAreReplaced: a message said again is another element, by which it is heard.
func TestToastsAreReplaced(t *testing.T) {
	said := func(of state.Toast) string { return app.HTMLString((&Toast{Of: of}).Render()) }
	first := state.Toast{}.Say("copied")
	again := first.Say("copied")
	if said(first) == said(again) || !strings.Contains(said(again), "copied") || strings.Contains(said(again.Say("")), "copied") {
		t.Errorf("first %s, then %s", said(first), said(again))
	}
	if !strings.Contains(said(first), `role="status"`) || strings.Contains(said(again.Say("")), "said on") {
		t.Errorf("%s, and then %s", said(first), said(again.Say("")))
	}
}
