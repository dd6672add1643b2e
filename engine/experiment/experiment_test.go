package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// teller answers by a rule of the request alone.
type teller struct {
	err   error
	panic bool
}

func (teller) Models() []run.ModelInfo {
	return []run.ModelInfo{{Name: "attention", Hash: "a", Layers: 1, Heads: 2, Context: 512}, {Name: "ratplus", Hash: "r", Layers: 1, Heads: 2, Context: 512}}
}

func (r teller) Run(_ context.Context, req run.Request, sink trace.Sink) error {
	switch {
	case r.panic:
		panic("shape [2 3] against [4]")
	case r.err != nil:
		return r.err
	}
	h := &trace.Header{
		Layers: 1, Heads: 2, Block: 16, K: 4, Kernels: "plain", Tokens: make([]trace.Token, 100),
		Needles: []trace.Needle{{Span: [2]int{10, 20}}, {Span: [2]int{40, 50}, Queried: true}},
	}
	if err := sink.Emit(h); err != nil {
		return err
	}
	score := 0.0
	if req.Seed%4 != 0 {
		score = 1
	}
	return sink.Emit(&trace.Done{Score: score, ReadFraction: 0.25, Hits: []trace.Hit{{Hit: score == 1, OutputError: &score}, {Head: 1, Hit: req.SelectorSeed == 1, OutputError: new(0.25)}}})
}

func grid() Grid {
	return Grid{
		Models: []string{"attention", "ratplus"}, Tasks: []string{"S-1", "niah_multivalue"}, Methods: []string{"quest", "snapkv", "dense"},
		Params: sparse.Sweep{"budget": {"1/4", "1/8"}, "block": {"8", "16"}}, Selectors: []string{"own"}, Examples: 25,
	}
}

func TestCells(t *testing.T) {
	cells, err := grid().Cells(teller{}.Models(), "1")
	if err != nil {
		t.Fatal(err)
	}
	// Quest: 2 budgets of 2 blocks; SnapKV has no blocks; dense has neither.
	if want := 2 * 2 * (4 + 2 + 1) * 3; len(cells) != want {
		t.Errorf("%d cells, want %d", len(cells), want)
	}
	var sizes []int
	for i, c := range cells[:3*7] {
		if i%7 == 0 {
			sizes = append(sizes, c.First, c.Examples)
		}
		if !c.SameExamples(cells[i/7*7]) {
			t.Errorf("cell %d reads other examples than those before it", i)
		}
	}
	if want := []int{0, 10, 10, 10, 20, 5}; !slices.Equal(sizes, want) {
		t.Errorf("chunks %v, want %v", sizes, want)
	}
	if c := cells[0]; c.Context != 512 || c.ModelHash != "a" || c.Params != `{"block":8,"budget":"1/4"}` {
		t.Errorf("%+v", c)
	}
	if c := cells[len(cells)-1]; c.Task != "MV" {
		t.Errorf("task %s is not in its short form", c.Task)
	}
	// Written otherwise, asked for more: the same cells.
	g := grid()
	g.Params, g.Examples, g.Context = g.Params.With("budget", "0.25", "1/8"), 30, new(512)
	more, err := g.Cells(teller{}.Models(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if cells[0].Key() != more[0].Key() || cells[7].Key() != more[7].Key() || cells[14].Key() == more[14].Key() {
		t.Error("keys do not tell same work from other work")
	}
	renamed := cells[0]
	renamed.Model = "data/new/model.safetensors"
	if renamed.Key() != cells[0].Key() {
		t.Error("a model's name counts, its fingerprint should")
	}
}

// TestDefaultsAreSaid: asking for a default is asking for nothing else, so that what
// was computed for the one serves the other.
func TestDefaultsAreSaid(t *testing.T) {
	g := Grid{Models: []string{"attention"}, Tasks: []string{"S-1"}, Methods: []string{"quest", "snapkv"}, Params: sparse.Sweep{"budget": {"1/4"}}, Examples: 10}
	silent, err := g.Cells(teller{}.Models(), "v")
	if err != nil {
		t.Fatal(err)
	}
	g.Params = g.Params.With("block", "16").With("window", "32").With("kernel", "7").With("public_code", "false")
	said, err := g.Cells(teller{}.Models(), "v")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(silent, said) {
		t.Errorf("cells\n%+v\nwithout the defaults,\n%+v with them", silent, said)
	}
}

// TestSwaps: a model with a memory is measured in every pairing, one without as it
// is, and keys make no difference to what selects without them.
func TestSwaps(t *testing.T) {
	models := []run.ModelInfo{{Name: "a", Hash: "a", Arch: "attention", Context: 512}, {Name: "r", Hash: "r", Arch: "ratplus", Memory: true, Context: 512}}
	g := Grid{
		Models: []string{"a", "r"}, Tasks: []string{"S-1"}, Methods: []string{"quest"}, Params: sparse.Sweep{"budget": {"1/4"}}, Selectors: []string{"own", "random"},
		Examples: 10, SelectWith: []string{"memory", "plain"}, ComputeWith: []string{"memory", "plain"},
	}
	cells, err := g.Cells(models, "v")
	if err != nil {
		t.Fatal(err)
	}
	alone := g
	if alone.Models = []string{"a"}; !slices.Equal(alone.Unused(models), []string{"select_with", "compute_with"}) || len(g.Unused(models)) != 0 {
		t.Errorf("unused without a memory: %v, with one: %v", alone.Unused(models), g.Unused(models))
	}
	// Patterns read no keys to choose, whatever their parameters.
	patterns := g
	patterns.Methods, patterns.Selectors = []string{"dense", "streaming", "dilated"}, nil
	patterns.Params = g.Params.With("block", "8", "16").With("initial", "2")
	more, err := patterns.Cells(models, "v")
	if err != nil {
		t.Fatal(err)
	}
	cells = append(cells, more...)
	got := map[string][]Swap{}
	for _, c := range cells {
		at := c.Model + " " + c.Method + " " + c.Selector
		got[at] = append(got[at], c.Swap)
	}
	as, keys, states, both := Swap{}, Swap{SelectWith: "plain"}, Swap{ComputeWith: "plain"}, Swap{"plain", "plain"}
	for at, want := range map[string][]Swap{
		"a quest own": {as}, "a quest random": {as}, "r quest own": {as, keys, states, both}, "r quest random": {as, states}, "r dense own": {as, states},
		"r streaming own": {as, states}, "r dilated own": {as, states}, "a streaming own": {as},
	} {
		if !slices.Equal(got[at], want) {
			t.Errorf("%s: %v, want %v", at, got[at], want)
		}
	}
	c := cells[len(cells)-1]
	if r := c.Request(0); r.ComputeWith != "plain" {
		t.Errorf("%+v asks for %+v", c, r)
	}
	// What was computed before there were swaps keeps its key.
	if text, err := json.Marshal(cells[0]); err != nil || strings.Contains(string(text), "_with") {
		t.Errorf("%s %v", text, err)
	}
}

func TestSeedsAreOfTheRandomSelector(t *testing.T) {
	g := grid()
	g.Models, g.Tasks, g.Methods, g.Params = g.Models[:1], g.Tasks[:1], []string{"quest"}, sparse.Sweep{"budget": {"1/4"}}
	g.Selectors, g.Seeds, g.Examples = []string{"own", "random"}, new(5), 10
	cells, err := g.Cells(teller{}.Models(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 6 || cells[0].Selector != "own" || cells[5].SelectorSeed != 4 {
		t.Errorf("%d cells: %+v", len(cells), cells)
	}
}

func TestMeasure(t *testing.T) {
	c := Cell{Model: "ratplus", ModelHash: "r", Task: "S-1", Method: "quest", Selector: "random", SelectorSeed: 1, Params: `{"budget":"1/4"}`, First: 10, Examples: 8}
	o, err := Measure(t.Context(), teller{}, c)
	if err != nil {
		t.Fatal(err)
	}
	// Seeds 10 to 17 past a multiple of 4: 12 and 16 fail.
	if want := []float64{1, 1, 0, 1, 1, 1, 0, 1}; !slices.Equal(o.Scores, want) || o.Score() != 6 {
		t.Errorf("scores %v, want %v", o.Scores, want)
	}
	if !slices.Equal(o.HeadErrors, []float64{0.75, 0.25}) {
		t.Errorf("errors of heads %v", o.HeadErrors)
	}
	if !slices.Equal(o.Hits, []int{6, 8}) || o.K != 4 || o.Kernels != "plain" || o.Depths[0] != 0.4 || math.Abs(o.Read-0.25) > 1e-12 {
		t.Errorf("%+v", o)
	}
}

// inTurn writes down who was asked for which example.
type inTurn struct {
	teller
	asked *[]string
}

func (r inTurn) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	*r.asked = append(*r.asked, fmt.Sprint(req.Method, req.Seed-Seed(0)))
	if req.Method == "moba" {
		return errors.New("broken")
	}
	return r.teller.Run(ctx, req, sink)
}

// TestMeasureAll: all cells go through an example together, and one that fails does not
// cost the others.
func TestMeasureAll(t *testing.T) {
	var cells []Cell
	for _, method := range []string{"quest", "moba", "dense"} {
		cells = append(cells, Cell{Model: "ratplus", ModelHash: "r", Task: "S-1", Method: method, First: 4, Examples: 2})
	}
	cells[2].ModelHash = "other"
	var asked []string
	over := 0
	outs, errs := MeasureAll(t.Context(), inTurn{asked: &asked}, cells, func() { over++ })
	if want := []string{"quest4", "moba4", "quest5"}; !slices.Equal(asked, want) || over != 6 {
		t.Errorf("asked %v, %d told, want %v and 6", asked, over, want)
	}
	if outs[0] == nil || errs[0] != nil || !slices.Equal(outs[0].Scores, []float64{0, 1}) {
		t.Errorf("%+v, %v", outs[0], errs[0])
	}
	for i := range cells[1:] {
		if outs[1+i] != nil || errs[1+i] == nil {
			t.Errorf("cell %d: %+v, %v", 1+i, outs[1+i], errs[1+i])
		}
	}
}

func TestMeasureFails(t *testing.T) {
	c := Cell{Model: "ratplus", ModelHash: "r", Task: "S-1", Method: "quest", Examples: 1}
	broken := errors.New("broken")
	if _, err := Measure(t.Context(), teller{err: broken}, c); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := Measure(t.Context(), teller{panic: true}, c); err == nil || !strings.Contains(err.Error(), "[2 3]") {
		t.Errorf("panic became %v", err)
	}
	c.ModelHash = "other"
	var elsewhere NotHere
	if _, err := Measure(t.Context(), teller{}, c); !errors.As(err, &elsewhere) || !strings.Contains(err.Error(), "no ratplus of fingerprint other among ratplus (r), attention (a)") {
		t.Errorf("no such model: %v", err)
	}
}

// byName writes down which model was asked.
type byName struct {
	teller
	asked *[]string
}

func (r byName) Run(ctx context.Context, req run.Request, sink trace.Sink) error {
	*r.asked = append(*r.asked, req.Model)
	return r.teller.Run(ctx, req, sink)
}

// TestMeasureByFingerprint: a model is known by its fingerprint where it has another name, and asked
// by the name that it has.
func TestMeasureByFingerprint(t *testing.T) {
	var asked []string
	c := Cell{Model: "my-ratplus", ModelHash: "r", Task: "S-1", Method: "quest", Params: `{"budget":"1/4"}`, Examples: 1}
	if _, err := Measure(t.Context(), byName{asked: &asked}, c); err != nil || !slices.Equal(asked, []string{"ratplus"}) {
		t.Errorf("asked %v, %v", asked, err)
	}
}

func TestGridErrors(t *testing.T) {
	for field, change := range map[string]func(*Grid){
		"models":    func(g *Grid) { g.Models = []string{"gpt"} },
		"tasks":     func(g *Grid) { g.Tasks = []string{"S-9"} },
		"methods":   func(g *Grid) { g.Methods = []string{"magic"} },
		"budget":    func(g *Grid) { g.Params = sparse.Sweep{"budget": {"3"}} },
		"selectors": func(g *Grid) { g.Selectors = []string{"lucky"} },
		"block":     func(g *Grid) { g.Params = sparse.Sweep{"block": {"-1"}} },
		"window":    func(g *Grid) { g.Params = sparse.Sweep{"window": {"32", "few"}} },
		"kernel":    func(g *Grid) { g.Params = sparse.Sweep{"kernel": {}} },
		"blokc":     func(g *Grid) { g.Params = sparse.Sweep{"blokc": {"8"}} },
		"examples":  func(g *Grid) { g.Examples = 0 },
		"seeds":     func(g *Grid) { g.Seeds = new(5) },
		"context":   func(g *Grid) { g.Context = new(513) },

		"select_with":  func(g *Grid) { g.SelectWith = []string{"K"} },
		"compute_with": func(g *Grid) { g.ComputeWith = []string{"memory", ""} },
	} {
		g := grid()
		change(&g)
		if _, err := g.Cells(teller{}.Models(), ""); input.Field(err) != field {
			t.Errorf("%s: blamed %q (%v)", field, input.Field(err), err)
		}
	}
	// Zero is not absent.
	for field, change := range map[string]func(*Grid){
		"seeds": func(g *Grid) { g.Seeds = new(0) }, "context": func(g *Grid) { g.Context = new(0) },
		"window": func(g *Grid) { g.Params = g.Params.With("window", "0") },
	} {
		g := grid()
		change(&g)
		if err := g.Validate(); input.Field(err) != field || !strings.Contains(err.Error(), ": 0, want ") {
			t.Errorf("%s of 0: %v", field, err)
		}
	}
	g := grid()
	g.Examples = MaxExamples
	if _, err := g.Cells(teller{}.Models(), ""); input.Field(err) != "examples" {
		t.Errorf("too many cells: %v", err)
	}
	// What is said ten thousand times is asked for once.
	g = grid()
	want, err := g.Cells(teller{}.Models(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []*[]string{&g.Models, &g.Tasks, &g.Methods, &g.Selectors} {
		*list = slices.Repeat(*list, 10_000)
	}
	g.SelectWith = slices.Repeat([]string{run.WithMemory}, 10_000)
	if got, err := g.Cells(teller{}.Models(), ""); err != nil || len(got) != len(want) {
		t.Errorf("%d cells, %v, want %d", len(got), err, len(want))
	}
	g = grid()
	g.Tasks = nil
	if got := input.Field(g.Validate()); got != "tasks" {
		t.Errorf("no tasks: blamed %q", got)
	}
}

// checker refuses a task for its context, and counts.
type checker map[string]int

func (c checker) Check(req run.Request) error {
	c[req.Model+req.Method+req.Values["budget"]]++
	if req.Values["budget"] == "1/8" {
		return input.Errorf("budget", "too little")
	}
	return nil
}

// TestCheck: every combination is looked at once, and the list of the grid is blamed
// that holds what cannot run.
func TestCheck(t *testing.T) {
	g := grid()
	g.Tasks, g.Methods, g.Params = g.Tasks[:1], []string{"quest", "snapkv"}, sparse.Sweep{"budget": {"1/4"}}
	g.Selectors, g.Seeds = []string{"random"}, new(3)
	cells, err := g.Cells(teller{}.Models(), "")
	if err != nil {
		t.Fatal(err)
	}
	asked := checker{}
	if err := Check(t.Context(), asked, cells); err != nil || len(asked) != 4 || asked["ratplusquest1/4"] != 1 {
		t.Errorf("%v, asked %v", err, asked)
	}
	g.Params = sparse.Sweep{"budget": {"1/4", "1/8"}}
	if cells, err = g.Cells(teller{}.Models(), ""); err != nil {
		t.Fatal(err)
	}
	err = Check(t.Context(), checker{}, cells)
	if input.Field(err) != "budget" || !strings.Contains(err.Error(), "attention cannot run S-1 with quest: budget: too little") {
		t.Errorf("%v", err)
	}
}

// The reference values are those of Newcombe (1998), table I.
func TestWilson(t *testing.T) {
	for _, tc := range []struct {
		hits, n   int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		low, high := Wilson(float64(tc.hits)/float64(tc.n), tc.n)
		if math.Abs(low-tc.low) > 5e-5 || math.Abs(high-tc.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tc.hits, tc.n, low, high, tc.low, tc.high)
		}
	}
	if low, high := Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("without trials: %g to %g", low, high)
	}
}

// TestPresets: every preset is a valid grid that keeps the paper's ratios.
func TestPresets(t *testing.T) {
	models := []run.ModelInfo{
		{Name: "other", Arch: "olmo2", Base: "olmo2", Context: 9}, {Name: "a", Arch: "attention", Base: "attention", Context: 2048},
		{Name: "r", Arch: "ratplus", Base: "attention", Memory: true, Context: 1024}, {Name: "r2", Arch: "ratplus", Base: "attention", Memory: true, Context: 64},
	}
	for _, p := range Presets(models) {
		cells, err := p.Grid.Cells(models, "1")
		if err != nil {
			t.Errorf("%s: %v", p.ID, err)
			continue
		}
		if c := cells[0]; c.Context != 1024 || c.Model != map[bool]string{false: "a", true: "r"}[p.ID == "swap"] {
			t.Errorf("%s: %+v", p.ID, c)
		}
		want := map[string]int{"extreme-quest": 4, "extreme-moba": 32}[p.ID]
		if want == 0 {
			want = 16
		}
		if p.Grid.Params["block"][0] != strconv.Itoa(want) {
			t.Errorf("%s: blocks %v", p.ID, p.Grid.Params)
		}
		for _, c := range cells {
			if c.Method == "snapkv" && c.Resolved()["window"] != "32" {
				t.Fatalf("%s: SnapKV is set up by %s", p.ID, c.Params)
			}
		}
	}
}
