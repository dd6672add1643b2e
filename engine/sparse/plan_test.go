package sparse

import (
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
		{"quest", Config{Method: "quest", Budget: 1.0 / 16}, 1024,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 4, Selector: Quest{Blocks: 4}}},
		{"quest public", Config{Method: "quest", Budget: 1.0 / 16, PublicCode: true, DenseLayers: 2}, 512,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 3,
				Selector: DenseFirst{Layers: 2, Rest: Quest{Blocks: 3, Public: true}}}},
		{"quest random", Config{Method: "quest", Selector: "random", Budget: 0.25, Block: 64, Seed: 9}, 4096,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 0.25, Block: 64, K: 16, Selector: RandomBlocks{Blocks: 16, Seed: 9}}},
		{"quest public random", Config{Method: "quest", Selector: "random", K: 5, PublicCode: true}, 4096,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1, Block: 16, K: 5, Selector: RandomBlocks{Blocks: 5, Forced: NoneForced}}},
		{"quest all", Config{Method: "quest"}, 1000,
			Plan{Method: "quest", Unit: UnitBlock, Phase: PhaseDecode, Budget: 1, Block: 16, K: 63, Selector: Quest{Blocks: math.MaxInt}}},
		{"moba", Config{Method: "moba", K: 3, Block: 32}, 1000,
			Plan{Method: "moba", Unit: UnitBlock, Phase: PhasePrefill, Budget: 1, Block: 32, K: 3, Selector: MoBA{Blocks: 3}}},
		{"moba public random", Config{Method: "moba", K: 3, PublicCode: true, Selector: "random"}, 1000,
			Plan{Method: "moba", Unit: UnitBlock, Phase: PhasePrefill, Budget: 1, Block: 16, K: 3, Selector: RandomBlocks{Blocks: 3, Forced: LocalOnly}}},
		{"snapkv", Config{Method: "snapkv", Budget: 1.0 / 8}, 1024,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 8, Block: 16, K: 128, Evictor: SnapKV{Capacity: 128, Observed: 32, Kernel: 7}}},
		{"snapkv max", Config{Method: "snapkv", Budget: 1.0 / 16, Window: 64, Kernel: 5, Pooling: "max"}, 4096,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 16, Block: 16, K: 256,
				Evictor: SnapKV{Capacity: 256, Observed: 64, Kernel: 5, Pooling: MaxPool}}},
		{"snapkv random", Config{Method: "snapkv", K: 100, Selector: "random", Seed: 4}, 1024,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 100, Evictor: RandomTokens{Capacity: 100, Recent: 32, Seed: 4}}},
		{"snapkv short prompt", Config{Method: "snapkv"}, 20,
			Plan{Method: "snapkv", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 20, Evictor: SnapKV{Capacity: 33, Observed: 32, Kernel: 7}}},
		{"h2o", Config{Method: "h2o", Budget: 1.0 / 8}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1.0 / 8, Block: 16, K: 128, Evictor: H2O{Capacity: 128, Recent: 64}}},
		{"h2o with a window", Config{Method: "h2o", K: 40, Window: 8}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 40, Evictor: H2O{Capacity: 40, Recent: 8}}},
		{"h2o short prompt", Config{Method: "h2o", Window: 30}, 20,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 20, Evictor: H2O{Capacity: 30, Recent: 30}}},
		{"h2o random", Config{Method: "h2o", K: 40, Selector: "random", Seed: 4}, 1024,
			Plan{Method: "h2o", Unit: UnitToken, Phase: PhaseEvict, Budget: 1, Block: 16, K: 40, Evictor: RandomTokens{Capacity: 40, Recent: 20, Seed: 4}}},
		{"twilight", Config{Method: "twilight", Budget: 1.0 / 4}, 1000,
			Plan{Method: "twilight", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 4, Block: 16, K: 256, Selector: Twilight{Blocks: 16, TopP: 0.95}}},
		{"twilight all", Config{Method: "twilight", TopP: "0.5"}, 1000,
			Plan{Method: "twilight", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 1000, Selector: Twilight{Blocks: math.MaxInt, TopP: 1}}},
		{"dilated by budget", Config{Method: "dilated", Budget: 1.0 / 16}, 1024,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 65, Selector: Dilated{Dilation: 16}}},
		{"dilated with a window", Config{Method: "dilated", Budget: 1.0 / 16, Window: 10, Initial: 6}, 1024,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1.0 / 16, Block: 16, K: 63, Selector: Dilated{Dilation: 22, Window: 10, Initial: 6}}},
		{"dilated as asked", Config{Method: "dilated", Dilation: 8, Window: 5, Initial: 3}, 80,
			Plan{Method: "dilated", Unit: UnitToken, Phase: PhaseDecode, Budget: 1, Block: 16, K: 19, Selector: Dilated{Dilation: 8, Window: 5, Initial: 3}}},
		{"streaming", Config{Method: "streaming", Budget: 0.25}, 400,
			Plan{Method: "streaming", Unit: UnitToken, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 100, Selector: Streaming{Initial: 4, Window: 96}}},
		{"oracle block", Config{Method: "oracle-block", Budget: 0.25}, 160,
			Plan{Method: "oracle-block", Unit: UnitBlock, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 3, Selector: OracleBlocks{Blocks: 3}}},
		{"oracle token", Config{Method: "oracle-token", Budget: 0.25}, 160,
			Plan{Method: "oracle-token", Unit: UnitToken, Phase: PhaseDecode, Budget: 0.25, Block: 16, K: 40, Selector: OracleTokens{Tokens: 40}}},
	} {
		got, err := New(c.config, c.tokens)
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
		{Config{Method: "h3o"}, 100, `method: "h3o", want one of dense, quest, moba, snapkv, h2o, twilight, dilated, streaming, oracle-block, oracle-token`},
		{Config{Method: "quest", Selector: "dice"}, 100, `selector: "dice", want own or random`},
		{Config{Method: "streaming", Selector: "random"}, 100, `selector: StreamingLLM has no random form, want own`},
		{Config{Method: "quest", Budget: 2}, 100, `budget: 2, want above 0 and at most 1`},
		{Config{Method: "quest", Budget: math.NaN()}, 100, `budget: NaN, want above 0 and at most 1`},
		{Config{Method: "quest", Block: -1}, 100, `block: -1, want a whole number from 1 to 4096`},
		{Config{Method: "snapkv", Block: 5000}, 100, `block: 5000, want a whole number from 1 to 4096`},
		{Config{Method: "h2o", K: 10, Window: 11}, 100, `k: 10 tokens, want more than the 10 of window`},
		{Config{Method: "twilight", TopP: "1.5"}, 100, `top_p: "1.5", want 0.5 or 0.7 or 0.8 or 0.85 or 0.9 or 0.95 or 0.99`},
		{Config{Method: "quest", K: -1}, 100, `k: -1, want a whole number from 1 to 1048576`},
		{Config{Method: "quest", DenseLayers: -1}, 100, `dense_layers: -1, want a whole number from 0 to 1024`},
		{Config{Method: "snapkv", Kernel: 6}, 100, `kernel: 6, want an odd number from 1 to 255`},
		{Config{Method: "snapkv", Window: -3}, 100, `window: -3, want a whole number from 1 to 4096`},
		{Config{Method: "snapkv", Pooling: "sum"}, 100, `pooling: "sum", want avg or max`},
		{Config{Method: "snapkv", Budget: 1.0 / 16}, 300, `budget: 1/16 of this prompt is 19 tokens, want more than the 32 of the observation window`},
		{Config{Method: "snapkv", K: 32}, 300, `k: 32 tokens, want more than the 32 of the observation window`},
		{Config{Method: "streaming", Budget: 0.01}, 100, `budget: 1/100 of this prompt is 1 tokens, want more than the 4 of initial`},
		{Config{Method: "dilated", K: 8, Window: 8}, 100, `k: 8 tokens, want more than the 8 of window and initial`},
		{Config{Method: "quest"}, 0, `prompt: 0 tokens, want at least 1`},
	} {
		_, err := New(c.config, c.tokens)
		if err == nil || err.Error() != c.want || input.Field(err) == "" {
			t.Errorf("%+v: error %v, want %q", c.config, err, c.want)
		}
	}
}

// TestBudgetIsKept counts what a plan really reads at its last prompt position.
func TestBudgetIsKept(t *testing.T) {
	const n = 256
	h, q := cache(21, 8, 16, n)
	for _, info := range Methods() {
		for _, budget := range []float64{1.0 / 2, 1.0 / 4, 1.0 / 8} {
			plan, err := New(Config{Method: info.ID, Budget: budget, Window: 16}, n)
			if err != nil {
				t.Fatal(err)
			}
			var sel Selection
			if plan.Evictor != nil {
				plan.Evictor.Keep(&sel, q[(n-min(n, plan.Evictor.Window()))*8:], 0, 0, h)
			} else {
				plan.Selector.Select(&sel, Query{Q: q[(n-1)*8:], Position: n - 1}, h)
			}
			most := int(budget * n)
			switch info.ID {
			case "dense":
				most = n
			case "dilated":
				most++ // the query itself
			}
			unit := 1
			if info.Unit == UnitBlock {
				unit = 16
			}
			least := most * 3 / 4
			if info.ID == "twilight" {
				least = 1 // the budget is what it may read, the attention says what it does
			}
			if sel.Count() > most || sel.Count() > plan.K*unit || sel.Count() < least {
				t.Errorf("%s at %v reads %d positions, want %d, K %d", info.ID, budget, sel.Count(), most, plan.K)
			}
		}
	}
}

// TestMethodsMatchConfig holds the description to the code it describes: every
// parameter is a field of Config, its default and its limits are the ones Validate
// applies.
func TestMethodsMatchConfig(t *testing.T) {
	fields := map[string]reflect.StructField{}
	for f := range reflect.TypeFor[Config]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f
	}
	for _, m := range Methods() {
		for _, p := range m.Params {
			f, ok := fields[p.Name]
			if !ok {
				t.Errorf("%s: parameter %q is no field of Config", m.ID, p.Name)
				continue
			}
			if p.Help == "" || p.Allowed() == "" {
				t.Errorf("%s: parameter %q is not described", m.ID, p.Name)
			}
			set := func(v any) error {
				c := Config{Method: m.ID}
				reflect.ValueOf(&c).Elem().FieldByIndex(f.Index).Set(reflect.ValueOf(v))
				return c.Validate()
			}
			switch p.Kind {
			case KindInt:
				if err := set(p.Min); err != nil {
					t.Errorf("%s: smallest %s refused: %v", m.ID, p.Name, err)
				}
				if err := set(p.Max); err != nil {
					t.Errorf("%s: greatest %s refused: %v", m.ID, p.Name, err)
				}
				if err := set(p.Max + 1); input.Field(err) != p.Name {
					t.Errorf("%s: %s above its range: %v", m.ID, p.Name, err)
				}
				if err := set(-1); input.Field(err) != p.Name {
					t.Errorf("%s: %s below its range: %v", m.ID, p.Name, err)
				}
			case KindChoice:
				for _, choice := range p.Choices {
					if err := set(choice); err != nil {
						t.Errorf("%s: %s %q refused: %v", m.ID, p.Name, choice, err)
					}
				}
				if !slices.Contains(p.Choices, p.Default) {
					t.Errorf("%s: default %q of %s is no choice", m.ID, p.Default, p.Name)
				}
			case KindBool:
				if f.Type.Kind() != reflect.Bool {
					t.Errorf("%s: %s is a %s", m.ID, p.Name, f.Type)
				}
			case KindBudget:
				if _, err := ParseBudget(p.Default); err != nil {
					t.Errorf("%s: default of %s: %v", m.ID, p.Name, err)
				}
			default:
				t.Errorf("%s: %s has unknown kind %q", m.ID, p.Name, p.Kind)
			}
		}
	}
}
