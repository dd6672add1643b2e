package train

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
)

const smallConfig = `
arch = ratplus # the backbone
seed = 7
layers = 1
heads = 2
width = 16
hidden = 32
context = 256
[stage]
context = 64
batch = 256
tokens = 2K
lr = 0.003
mix = repeats 0.5, associations 0.5
[stage]
context = 128 256
batch = 256
tokens = 1.5K
lr = 0.001 to 0.0005
mix = packed 0.5, tasks 0.5
tasks = S-1, MK-2
dilation = 8
window = 8
dilation_every = 2
`

func TestParseConfig(t *testing.T) {
	c, err := ParseConfig(strings.NewReader(smallConfig))
	if err != nil {
		t.Fatal(err)
	}
	if c.Model.Kind() != "ratplus" || !c.Model.GateBias || !c.Model.Tied || c.Model.Dim != 16 || c.Seed != 7 || len(c.Stages) != 2 {
		t.Errorf("%+v", c)
	}
	s := c.Stages[1]
	if s.Tokens != 1500 || s.Mix.Tasks != 0.5 || strings.Join(s.Tasks, " ") != "S-1 MK-2" || s.Dilation != 8 || s.steps() != 5 ||
		!slices.Equal(s.Contexts, []int{128, 256}) || s.LR != 0.001 || s.LREnd != 0.0005 || c.Stages[0].LREnd != c.Stages[0].LR/10 {
		t.Errorf("%+v", s)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, tc := range []struct{ from, to, want string }{
		{"arch = ratplus", "arch = rwkv", "arch: \"rwkv\", want attention or ratplus"},
		{"arch = ratplus", "arch = llama", "arch: \"llama\", want attention or ratplus"},
		{"arch = ratplus", "arch = qwen2-memory", "arch: \"qwen2-memory\", want attention or ratplus"},
		{"arch = ratplus", "", "arch: \"\", want attention or ratplus"},
		{"width = 16", "width = 15", "heads:"},
		{"width = 16", "width = wide", "line 6: width"},
		{"seed = 7", "sead = 7", "line 3: sead: unknown"},
		{"seed = 7", "seed 7", "want name = value"},
		{"context = 64\n", "context = 32\n", "stage 1: context"},
		{"context = 64\n", "context = 512\n", "stage 1: context"},
		{"context = 64\n", "", "stage 1: context: missing"},
		{"context = 128 256", "context = 128 512", "stage 2: context"},
		{"context = 128 256", "context = 128 long", "context: \"long\""},
		{"batch = 256", "batch = 32", "batch"},
		{"batch = 256", "batch = 250", "batch: 250 tokens, want whole sequences of 64"},
		{"tokens = 2K", "tokens = 0", "tokens"},
		{"lr = 0.003", "lr = 3", "lr"},
		{"lr = 0.001 to 0.0005", "lr = 0.001 to 5", "lr: 5"},
		{"lr = 0.001 to 0.0005", "lr = 0.001 to little", "two such as"},
		{"repeats 0.5", "repeats 0.6", "mix"},
		{"repeats 0.5", "poems 0.5", "no lesson"},
		{"repeats 0.5, associations 0.5", "repeats 0.5, repeats 0.5", "mix: repeats given twice"},
		{"packed 0.5, tasks 0.5", "packed 1", "tasks: S-1 MK-2, and the mix draws none"},
		{"dilation = 8\nwindow = 8\ndilation_every = 2", "initial = 4", "dilation_every: missing"},
		{"window = 8", "initial = 512", "initial: 512, want at most"},
		{"tasks = S-1, MK-2", "tasks = S-9", "tasks"},
		{"tasks = S-1, MK-2", "", "name some"},
		{"dilation = 8", "dilation = 1", "dilation"},
	} {
		_, err := ParseConfig(strings.NewReader(strings.Replace(smallConfig, tc.from, tc.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", tc.to, err, tc.want)
		}
	}
	if _, err := ParseConfig(strings.NewReader("arch = ratplus\nlayers=1\nheads=1\nwidth=8\nhidden=8")); err == nil {
		t.Error("a run without stages passed")
	}
}

// TestShippedConfigs: the demo pair differs in nothing but the backbone.
func TestShippedConfigs(t *testing.T) {
	var texts []string
	for _, arch := range []string{"attention", "ratplus"} {
		data, err := os.ReadFile("../../assets/training/" + arch + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseConfig(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		if c.Model.Kind() != arch {
			t.Errorf("%s.conf trains %s", arch, c.Model.Kind())
		}
		_, rest, _ := strings.Cut(string(data), "arch = "+arch)
		texts = append(texts, rest)
	}
	if texts[0] != texts[1] {
		t.Error("the configs of the pair differ beyond the backbone")
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add(smallConfig)
	f.Add("[stage]\ntokens = 1e400K")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConfig(strings.NewReader(text))
		if err == nil && c.Validate() != nil {
			t.Error("accepted what it calls invalid")
		}
	})
}

// TestEveryConfigLine gives every line of good configurations, of a backbone, an adapter and an
// index, values of every kind, and once more itself: each is refused by the name that the line
// begins with, or changes what is trained.
func TestEveryConfigLine(t *testing.T) {
	values := []string{"", "0", "-1", "1", "0.5", "1e30", "99999999999999999999", "NaN", "Inf", "x", "3 4 5 6 x", "yes", "0.5 to x", "tasks 1", "S-1 x"}
	full := strings.Replace(smallConfig, "window = 8\n", "window = 8\ninitial = 2\nwarmup = 3\nhold_look_back = yes\n", 1)
	texts := []string{full}
	for _, name := range []string{"memory", "memory-longer", "index-ratplus"} {
		data, err := os.ReadFile("../../assets/training/" + name + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	walked := 0
	for _, text := range texts {
		good, err := ParseConfig(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text, "\n")
		for at, line := range lines {
			name, _, ok := strings.Cut(line, " = ")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			with := func(line string) (*Config, error) {
				changed := slices.Clone(lines)
				changed[at] = line
				return ParseConfig(strings.NewReader(strings.Join(changed, "\n")))
			}
			for _, value := range values {
				if name+" = "+value == line {
					continue
				}
				walked++
				got, err := with(name + " = " + value)
				switch {
				case err == nil && reflect.DeepEqual(got, good):
					t.Errorf("%s = %q changes nothing and is not refused", name, value)
				case err != nil && !strings.Contains(err.Error(), name+":") && !slices.Contains(beside[name], input.Field(err)):
					t.Errorf("%s = %q is refused without its name: %v", name, value, err)
				}
			}
			if _, err := with(line + "\n" + line); err == nil || !strings.Contains(err.Error(), name+": given twice") {
				t.Errorf("%s twice: %v", name, err)
			}
		}
	}
	t.Logf("%d values", walked)
}

// beside are lines that another one may be refused by: what stands in both has to agree.
var beside = map[string][]string{
	"context": {"batch", "dilation", "window", "initial", "tasks"}, "width": {"heads"}, "dilation_every": {"dilation"}, "mix": {"tasks"},
	"gates": {"ramp"},
}
