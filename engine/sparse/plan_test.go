package sparse

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
)

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		tokens int
		want   Plan
	}{
		{"zero", Config{}, 100, Plan{Method: "dense", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1, Block: 16, K: 7, Selector: Dense{}}},
		{"quest", Config{Method: "quest", Values: Values{"budget": "1/16"}}, 1024,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 4, Selector: Quest{Blocks: 4}}},
		{"quest public", Config{Method: "quest", Values: Values{"budget": "1/16", "public_code": "true", "dense_layers": "2"}}, 512,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 3,
				Selector: DenseFirst{Layers: 2, Rest: Quest{Blocks: 3, AsReleased: true}}}},
		{"quest random", Config{Method: "quest", Selector: "random", SelectorSeed: 9, Values: Values{"budget": "0.25", "block": "64"}}, 4096,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 0.25, Block: 64, K: 16, Selector: RandomBlocks{Blocks: 16, Seed: 9}}},
		{"quest public random", Config{Method: "quest", Selector: "random", Values: Values{"k": "5", "public_code": "true"}}, 4096,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1, Block: 16, K: 5, Selector: RandomBlocks{Blocks: 5, Forced: NoneForced}}},
		{"quest all", Config{Method: "quest"}, 1000,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1, Block: 16, K: 63, Selector: Quest{Blocks: math.MaxInt}}},
		{"moba", Config{Method: "moba", Values: Values{"k": "3", "block": "32"}}, 1000,
			Plan{Method: "moba", Unit: UnitBlock, Phase: PhasePrefill, Budget: 1, Block: 32, K: 3, Selector: MoBA{Blocks: 3}}},
		{"moba public random", Config{Method: "moba", Selector: "random", Values: Values{"k": "3", "public_code": "true"}}, 1000,
			Plan{Method: "moba", Unit: UnitBlock, Phase: PhasePrefill, Budget: 1, Block: 16, K: 3, Selector: RandomBlocks{Blocks: 3, Forced: LocalOnly}}},
		{"snapkv", Config{Method: "snapkv", Values: Values{"budget": "1/8"}}, 1024,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 8, Block: 16, K: 128, Evictor: SnapKV{Capacity: 128, Observed: 32, Kernel: 7}}},
		{"snapkv max", Config{Method: "snapkv", Values: Values{"budget": "1/16", "window": "64", "kernel": "5", "pooling": "max"}}, 4096,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 16, Block: 16, K: 256,
				Evictor: SnapKV{Capacity: 256, Observed: 64, Kernel: 5, Pooling: MaxPool}}},
		{"snapkv random", Config{Method: "snapkv", Selector: "random", SelectorSeed: 4, Values: Values{"k": "100"}}, 1024,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 100, Evictor: RandomTokens{Capacity: 100, Recent: 32, Seed: 4}}},
		{"snapkv short prompt", Config{Method: "snapkv"}, 20,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 20, Evictor: SnapKV{Capacity: 33, Observed: 32, Kernel: 7}}},
		{"h2o", Config{Method: "h2o", Values: Values{"budget": "1/8"}}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 8, Block: 16, K: 128, Evictor: H2O{Capacity: 128, Recent: 64}}},
		{"h2o with a window", Config{Method: "h2o", Values: Values{"k": "40", "window": "8"}}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 40, Evictor: H2O{Capacity: 40, Recent: 8}}},
		{"h2o short prompt", Config{Method: "h2o", Values: Values{"window": "30"}}, 20,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 20, Evictor: H2O{Capacity: 30, Recent: 30}}},
		{"h2o random", Config{Method: "h2o", Selector: "random", SelectorSeed: 4, Values: Values{"k": "40"}}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 40, Evictor: RandomTokens{Capacity: 40, Recent: 20, Seed: 4}}},
		{"twilight", Config{Method: "twilight", Values: Values{"budget": "1/4"}}, 1000,
			Plan{Method: "twilight", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 4, Block: 16, K: 256, Selector: Twilight{Blocks: 16, TopP: 0.95}}},
		{"twilight all", Config{Method: "twilight", Values: Values{"top_p": "0.5"}}, 1000,
			Plan{Method: "twilight", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 1000, Selector: Twilight{Blocks: math.MaxInt, TopP: 0.5}}},
		{"twilight by default", Config{Method: "twilight"}, 1000,
			Plan{Method: "twilight", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 1000, Selector: Twilight{Blocks: math.MaxInt, TopP: 1}}},
		{"h2o without a window", Config{Method: "h2o", Values: Values{"k": "40", "window": "0"}}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 40, Evictor: H2O{Capacity: 40}}},
		{"streaming without first tokens", Config{Method: "streaming", Values: Values{"k": "100", "initial": "0"}}, 400,
			Plan{Method: "streaming", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 100, Selector: Streaming{Window: 100}}},
		{"not its own", Config{Method: "oracle-token", Values: Values{"k": "4", "kernel": "x", "block": "8"}}, 160,
			Plan{Method: "oracle-token", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 8, K: 4, Selector: OracleTokens{Tokens: 4}, Ignored: []string{"kernel"}}},
		{"dilated by budget", Config{Method: "dilated", Values: Values{"budget": "1/16"}}, 1024,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 65, Selector: Dilated{Dilation: 16}}},
		{"dilated with a window", Config{Method: "dilated", Values: Values{"budget": "1/16", "window": "10", "initial": "6"}}, 1024,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 63, Selector: Dilated{Dilation: 22, Window: 10, Initial: 6}}},
		{"dilated as asked", Config{Method: "dilated", Values: Values{"dilation": "8", "window": "5", "initial": "3"}}, 80,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 19, Selector: Dilated{Dilation: 8, Window: 5, Initial: 3}}},
		{"streaming", Config{Method: "streaming", Values: Values{"budget": "0.25"}}, 400,
			Plan{Method: "streaming", Unit: UnitToken, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 100, Selector: Streaming{Initial: 4, Window: 96}}},
		{"oracle block", Config{Method: "oracle-block", Values: Values{"budget": "0.25"}}, 160,
			Plan{Method: "oracle-block", Unit: UnitBlock, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 3, Selector: OracleBlocks{Blocks: 3}}},
		{"oracle token", Config{Method: "oracle-token", Values: Values{"budget": "0.25"}}, 160,
			Plan{Method: "oracle-token", Unit: UnitToken, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 40, Selector: OracleTokens{Tokens: 40}}},
	} {
		got, err := New(c.config, c.tokens)
		info, _ := Method(c.want.Method)
		c.want.From, c.want.To = 0, 0
		switch info.Phase {
		case PhasePrefill:
			c.want.To = c.tokens
		case PhaseDecode:
			c.want.From, c.want.To = c.tokens-1, math.MaxInt
		case PhaseEvict:
			c.want.From, c.want.EvictAt = c.tokens-1, c.tokens-1
		}
		if c.config.Selector != SelectorRandom {
			c.want.Summaries = info.Summaries
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		config Config
		tokens int
		want   string
	}{
		{Config{Method: "h3o"}, 100, `method: "h3o", want one of dense, quest, moba, `},
		{Config{Method: "quest", Selector: "dice"}, 100, `selector: "dice", want own or random`},
		{Config{Method: "streaming", Selector: "random"}, 100, `selector: StreamingLLM has no random form, want own`},
		{Config{Method: "quest", Values: Values{"budget": "2"}}, 100, `budget: "2", want 1, a fraction such as 1/16 or a decimal such as 0.25, above 0 and at most 1`},
		{Config{Method: "quest", Values: Values{"budget": "NaN"}}, 100, `budget: "NaN", want 1, a fraction such as 1/16 or a decimal such as 0.25, above 0 and at most 1`},
		{Config{Method: "quest", Values: Values{"block": "-1"}}, 100, `block: -1, want a whole number from 1 to 4096`},
		{Config{Method: "snapkv", Values: Values{"block": "5000"}}, 100, `block: 5000, want a whole number from 1 to 4096`},
		{Config{Method: "h2o", Values: Values{"k": "10", "window": "11"}}, 100, `k: 10 tokens, want more than the 10 of window`},
		{Config{Method: "twilight", Values: Values{"top_p": "1.5"}}, 100, `top_p: 1.5, want a number above 0 and at most 1`},
		{Config{Method: "quest", Values: Values{"k": "-1"}}, 100, `k: -1, want a whole number from 1 to 1048576`},
		{Config{Method: "quest", Values: Values{"dense_layers": "-1"}}, 100, `dense_layers: -1, want a whole number from 0 to 1024`},
		{Config{Method: "snapkv", Values: Values{"kernel": "6"}}, 100, `kernel: 6, want an odd number from 1 to 255`},
		{Config{Method: "snapkv", Values: Values{"window": "-3"}}, 100, `window: -3, want a whole number from 1 to 4096`},
		{Config{Method: "snapkv", Values: Values{"pooling": "sum"}}, 100, `pooling: "sum", want avg or max`},
		{Config{Method: "snapkv", Values: Values{"budget": "1/16"}}, 300, `budget: 1/16 of this prompt is 19 tokens, want more than the 32 of the observation window`},
		{Config{Method: "snapkv", Values: Values{"k": "32"}}, 300, `k: 32 tokens, want more than the 32 of the observation window`},
		{Config{Method: "streaming", Values: Values{"budget": "0.01"}}, 100, `budget: 1/100 of this prompt is 1 tokens, want more than the 4 of initial`},
		{Config{Method: "dilated", Values: Values{"k": "8", "window": "8"}}, 100, `k: 8 tokens, want more than the 8 of window and initial`},
		{Config{Method: "quest", Values: Values{"k": "0"}}, 100, `k: 0, want a whole number from 1 to 1048576`},
		{Config{Method: "quest", Values: Values{"blokc": "8"}}, 100, `blokc: unknown parameter, methods have budget, block, k, `},
		{Config{Method: "quest"}, 0, `prompt: 0 tokens, want at least 1`},
	} {
		_, err := New(c.config, c.tokens)
		lists := strings.HasSuffix(c.want, ", ") // which grow
		if err == nil || err.Error() != c.want && !(lists && strings.HasPrefix(err.Error(), c.want)) || input.Field(err) == "" {
			t.Errorf("%+v: error %v, want %q", c.config, err, c.want)
		}
	}
}

// budgeted are the methods that read no more than a budget.
func budgeted() []Info {
	return slices.DeleteFunc(Methods(), func(m Info) bool {
		_, has := m.Param("budget")
		return !has
	})
}

// TestBudgetIsKept counts what a plan really reads at its last prompt position.
func TestBudgetIsKept(t *testing.T) {
	const n = 256
	h, q := cache(21, 8, 16, n)
	for _, info := range budgeted() {
		for _, budget := range []float64{1.0 / 2, 1.0 / 4, 1.0 / 8} {
			plan, err := New(Config{Method: info.ID, Values: Values{"budget": FormatBudget(budget), "window": "16"}}, n)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Probe {
				continue // its heads share the budget, each reads more or less
			}
			if err := plan.UseIndex(randomIndex(1, 1, 8, 3, 16)); err != nil {
				t.Fatal(err)
			}
			var sel Selection
			if plan.Evictor != nil {
				plan.Evictor.Keep(&sel, q[(n-min(n, plan.Evictor.Window()))*8:], 0, 0, h)
				Narrow(plan.Evictor, &sel, Query{Q: q[(n-1)*8:], Position: n - 1}, h)
			} else {
				Prefill(plan.Selector, q, h).Select(&sel, Query{Q: q[(n-1)*8:], Position: n - 1}, h)
			}
			most := int(budget * n)
			if info.ID == "dilated" {
				most++ // the query itself
			}
			unit := 1
			if info.Unit == UnitBlock {
				unit = 16
			}
			least := most * 3 / 4
			if info.ID == "twilight" || info.ID == "xattention" {
				least = 1 // the budget is what it may read, the attention says what it does
			}
			if sel.Count() > most || sel.Count() > plan.K*unit || sel.Count() < least {
				t.Errorf("%s at %v reads %d positions, want %d, K %d", info.ID, budget, sel.Count(), most, plan.K)
			}
		}
	}
}

// TestParams holds every method to its own table: the limits are in range and what lies
// beyond them is refused by the parameter's name, defaults are allowed, and a name means
// one kind of value in all methods.
func TestParams(t *testing.T) {
	kinds := map[string]string{}
	for _, m := range Methods() {
		if m.Family == "" || m.Scores == "" || m.Help == "" || m.plan == nil {
			t.Errorf("%s: %+v is not described", m.ID, m)
		}
		for _, p := range m.Settable() {
			if kind := kinds[p.Name]; kind != "" && kind != p.Kind {
				t.Errorf("%s: %s is of kind %s, elsewhere %s", m.ID, p.Name, p.Kind, kind)
			}
			kinds[p.Name] = p.Kind
			if p.Help == "" || p.Title == "" || p.Allowed() == "" {
				t.Errorf("%s: parameter %q is not described", m.ID, p.Name)
			}
			for _, text := range good(t, p) {
				if err := (Config{Method: m.ID}).With(p.Name, text).Validate(); err != nil {
					t.Errorf("%s: %s %s refused: %v", m.ID, p.Name, text, err)
				}
			}
			for _, text := range bad(p) {
				if err := (Config{Method: m.ID}).With(p.Name, text).Validate(); input.Field(err) != p.Name {
					t.Errorf("%s: %s %s: %v", m.ID, p.Name, text, err)
				}
			}
		}
	}
}

// good are values of p at its limits.
func good(t *testing.T, p Param) []string {
	var out []string
	switch p.Kind {
	case KindInt, KindFloat:
		out = []string{formatNumber(p.Max)}
		if !p.Above {
			out = append(out, formatNumber(p.Min))
		}
	case KindChoice:
		out = append(out, p.Choices...)
		for word := range p.Spellings {
			out = append(out, word)
		}
	case KindBool:
		out = []string{"true", "false"}
	case KindBudget:
		out = []string{"1", "1/16", "0.25"}
	default:
		t.Errorf("%s has unknown kind %q", p.Name, p.Kind)
	}
	if p.Default != "" {
		out = append(out, p.Default)
	}
	return out
}

// bad are values that p must refuse.
func bad(p Param) []string {
	out := []string{"NaN", "nonsense", "1e999", "[1]"}
	switch p.Kind {
	case KindInt, KindFloat:
		out = append(out, formatNumber(p.Max+1), formatNumber(p.Min-1), "-1e30", "Inf", "true")
		if p.Above {
			out = append(out, formatNumber(p.Min))
		}
		if p.Odd {
			out = append(out, formatNumber(p.Min+1))
		}
		if p.Kind == KindInt {
			out = append(out, "1.5", "99999999999999999999")
		}
	case KindBudget:
		out = append(out, "0", "2", "-1", "Inf")
	}
	return out
}

// TestValuesJSON: what is written is read back, in the types of the parameters, and what
// has another type is refused by its name.
func TestValuesJSON(t *testing.T) {
	v := Values{"budget": "1/8", "block": "16", "top_p": "0.5", "public_code": "true", "pooling": "max", "initial": "0"}
	text, err := json.Marshal(v)
	if want := `{"block":16,"budget":"1/8","initial":0,"pooling":"max","public_code":true,"top_p":0.5}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	var back Values
	if err := json.Unmarshal(text, &back); err != nil || !maps.Equal(back, v) {
		t.Errorf("%v, %v, want %v", back, err, v)
	}
	if err := json.Unmarshal([]byte(`{"top_p":"0.5","block":null,"pooling":""}`), &back); err != nil || !maps.Equal(back, Values{"top_p": "0.5"}) {
		t.Errorf("%v, %v", back, err)
	}
	for text, field := range map[string]string{
		`{"block":"16"}`: "block", `{"block":1.5}`: "block", `{"public_code":1}`: "public_code", `{"pooling":3}`: "pooling",
		`{"top_p":true}`: "top_p", `{"budget":[1]}`: "budget", `{"blokc":16}`: "blokc", `{"kernel":{}}`: "kernel",
	} {
		if err := json.Unmarshal([]byte(text), &back); input.Field(err) != field {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestValuesAreNotShared: With leaves what it was asked of as it was.
func TestValuesAreNotShared(t *testing.T) {
	a := Config{Method: "quest"}.With("k", "3")
	b := a.With("k", "4").With("block", "8")
	if a.Values["k"] != "3" || len(a.Values) != 1 || b.Values["k"] != "4" || b.With("k", "").With("block", "").Values != nil {
		t.Errorf("%v %v", a, b)
	}
}
