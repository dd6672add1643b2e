package train

import (
	"os"
	"slices"
	"strings"
	"testing"
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
		{"arch = ratplus", "arch = rwkv", "arch"},
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

// TestEveryConfigLine gives every name of the text form values that cannot be: each is
// refused by that name, or means what it says.
func TestEveryConfigLine(t *testing.T) {
	wrong := []string{"", "0", "-1", "1e30", "NaN", "Inf", "x", "3 4 5 6 x"}
	// What a value of the list means where it is allowed.
	allowed := map[string][]string{
		"seed": {"0"}, "dilation": {}, "window": {"0"}, "dilation_every": {},
	}
	for _, line := range strings.Split(strings.TrimSpace(smallConfig), "\n") {
		name, _, ok := strings.Cut(line, " = ")
		if !ok {
			continue
		}
		for _, value := range wrong {
			if slices.Contains(allowed[name], value) {
				continue
			}
			_, err := ParseConfig(strings.NewReader(strings.Replace(smallConfig, line, name+" = "+value, 1)))
			blamed := name
			if name == "dilation_every" && value == "0" {
				blamed = "dilation_every: missing"
			}
			if err == nil || !strings.Contains(err.Error(), blamed) {
				t.Errorf("%s = %q: %v", name, value, err)
			}
		}
		if _, err := ParseConfig(strings.NewReader(strings.Replace(smallConfig, line, line+"\n"+line, 1))); err == nil || !strings.Contains(err.Error(), name+": given twice") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}
