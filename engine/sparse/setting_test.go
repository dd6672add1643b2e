package sparse

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"kvscope/engine/input"
)

// TestSetting: what means the same is the same text, and the text says all that is not
// the default.
func TestSetting(t *testing.T) {
	for _, tc := range []struct {
		method string
		values Values
		want   Setting
	}{
		{"quest", nil, ""},
		{"quest", Values{"budget": "1", "block": "16", "public_code": "false", "dense_layers": "0"}, ""},
		{"quest", Values{"budget": "0.25"}, `{"budget":"1/4"}`},
		{"quest", Values{"budget": " 2/8 ", "block": "08", "public_code": "1"}, `{"block":8,"budget":"1/4","public_code":true}`},
		{"quest", Values{"budget": "0.3", "window": "9"}, `{"budget":"0.3"}`},        // it has no window
		{"snapkv", Values{"pooling": "maxpool", "kernel": "7"}, `{"pooling":"max"}`}, // as PyTorch calls it
		{"twilight", Values{"top_p": "0.950"}, `{"top_p":0.95}`},                     // which is not the same as none
		{"quest", Values{"budget": "1/4", "k": "2"}, `{"k":2}`},                      // which says how much is read
		{"", Values{"block": "32"}, `{"block":32}`},
	} {
		c := Config{Method: tc.method, Values: tc.values}
		got, err := c.Setting()
		if err != nil || got != tc.want {
			t.Errorf("%s %v: %q, %v, want %q", tc.method, tc.values, got, err, tc.want)
		}
		// Asking by the setting is asking for the same.
		before, err1 := c.Resolved()
		c.Values = got.Values()
		after, err2 := c.Resolved()
		again, err3 := c.Setting()
		if err1 != nil || err2 != nil || err3 != nil || again != got || before.Setting() != after.Setting() {
			t.Errorf("%s %v: %q is %q again, %v, want %v", tc.method, tc.values, got, again, after, before)
		}
	}
	if _, err := (Config{Method: "quest", Values: Values{"block": "0"}}).Setting(); input.Field(err) != "block" {
		t.Errorf("a block of nothing: %v", err)
	}
}

func TestResolved(t *testing.T) {
	v, err := Config{Method: "snapkv", Values: Values{"budget": "0.125", "kernel": "3"}}.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"block": "16", "budget": "1/8", "kernel": "3", "pooling": "avg", "window": "32"} {
		if v[name] != want {
			t.Errorf("%s is %q, want %q", name, v[name], want)
		}
	}
	if v.Budget() != 0.125 || v["k"] != "" {
		t.Errorf("%s at %g", v.Setting(), v.Budget())
	}
	if v, err := (Config{}).Resolved(); err != nil || v.Budget() != 1 {
		t.Errorf("dense reads %g, %v", v.Budget(), err)
	}
}

func TestDescribe(t *testing.T) {
	for _, tc := range []struct {
		c    Config
		want string
	}{
		{Config{Method: "quest"}, "blocks of 16"},
		{Config{Method: "quest"}.With("budget", "1/4").With("block", "8").With("public_code", "true"), "blocks of 8, public code"},
		{Config{Method: "snapkv"}.With("budget", "1/4"), ""},
		{Config{Method: "snapkv"}.With("window", "16").With("k", "64"), "k 64, window 16"},
		{Config{Method: "twilight"}, ""},
		{Config{Method: "twilight"}.With("block", "8").With("top_p", "0.5"), "blocks of 8, top p 0.5"},
		{Config{}, ""},
	} {
		v, err := tc.c.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		if tc.c.Method == "" {
			tc.c.Method = "dense"
		}
		m, _ := Method(tc.c.Method)
		if got := m.Describe(v); got != tc.want {
			t.Errorf("%s %v: %q, want %q", tc.c.Method, tc.c.Values, got, tc.want)
		}
	}
}

func TestSweep(t *testing.T) {
	s := Sweep{"budget": {"1", "1/4", "0.25"}, "block": {"8", "16"}, "window": {"16"}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	of := func(id string) []Setting {
		m, _ := Method(id)
		out, err := s.Of(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for id, want := range map[string][]Setting{
		"quest":  {`{"block":8}`, "", `{"block":8,"budget":"1/4"}`, `{"budget":"1/4"}`},
		"snapkv": {`{"window":16}`, `{"budget":"1/4","window":16}`},
		"dense":  {""},
	} {
		if got := of(id); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	quest, _ := Method("quest")
	if got := s.Unused([]Info{quest}); !slices.Equal(got, []string{"window"}) {
		t.Errorf("quest leaves %v unused", got)
	}
	if got := s.With("k", "2").Unused([]Info{quest}); !slices.Equal(got, []string{"budget", "window"}) {
		t.Errorf("quest leaves %v unused beside k", got)
	}
	text, err := json.Marshal(s)
	if want := `{"block":[8,16],"budget":["1","1/4","0.25"],"window":[16]}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	var read Sweep
	if err := json.Unmarshal(text, &read); err != nil || !slices.Equal(read["block"], s["block"]) || !slices.Equal(read["budget"], s["budget"]) {
		t.Errorf("%v, %v", read, err)
	}
}

// TestSweepOfMany: values that are many times there are one, and more settings than anybody
// measures are refused before they are made.
func TestSweepOfMany(t *testing.T) {
	numbers := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = strconv.Itoa(1 + i)
		}
		return out
	}
	quest, _ := Method("quest")
	if got, err := (Sweep{"block": slices.Repeat([]string{"8", " 08"}, 50_000), "k": slices.Repeat([]string{"2"}, 100_000)}).Of(quest); err != nil || len(got) != 1 {
		t.Errorf("%d settings, %v", len(got), err)
	}
	if _, err := (Sweep{"block": numbers(1000), "k": numbers(1000), "dense_layers": numbers(1000)}).Of(quest); input.Field(err) == "" {
		t.Errorf("a thousand million settings: %v", err)
	}
	if got, err := (Sweep{"block": numbers(100), "k": numbers(200)}).Of(quest); err != nil || len(got) != 20_000 {
		t.Errorf("%d settings, %v", len(got), err)
	}
}

// TestReadsEverything: all of the budget, unless something else restricts what is read.
func TestReadsEverything(t *testing.T) {
	for _, tc := range []struct {
		method string
		values Values
		want   bool
	}{
		{"dense", nil, true}, {"quest", nil, true}, {"twilight", nil, true}, {"dilated", Values{"window": "4"}, true},
		{"quest", Values{"budget": "1/2"}, false}, {"quest", Values{"k": "2"}, false}, {"snapkv", Values{"k": "64"}, false},
		{"twilight", Values{"top_p": "0.5"}, false}, {"xattention", Values{"top_p": "0.5"}, false}, {"dilated", Values{"dilation": "4"}, false},
	} {
		m, _ := Method(tc.method)
		v, err := Config{Method: tc.method, Values: tc.values}.Resolved()
		if err != nil || m.ReadsEverything(v) != tc.want {
			t.Errorf("%s %v: %v, %v", tc.method, tc.values, m.ReadsEverything(v), err)
		}
	}
}

func TestSweepRefuses(t *testing.T) {
	for text, field := range map[string]string{
		`{"blokc":[8]}`: "blokc", `{"block":8}`: "block", `{"block":[8,"x"]}`: "block", `{"budget":[""]}`: "budget", `{"public_code":["yes"]}`: "public_code", `{"block":[null]}`: "block",
	} {
		var s Sweep
		if err := json.Unmarshal([]byte(text), &s); input.Field(err) != field {
			t.Errorf("%s: %v", text, err)
		}
	}
	for field, s := range map[string]Sweep{
		"wings": {"wings": {"2"}}, "block": {"block": {}}, "budget": {"budget": {"1/4", "2"}}, "window": {"window": {"-1"}},
	} {
		if err := s.Validate(); input.Field(err) != field {
			t.Errorf("%v: %v", s, err)
		}
	}
	// Dilated allows no window, SnapKV does not.
	s, snapkv := Sweep{"window": {"0"}}, snapKVMethod()
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := s.Of(snapkv); input.Field(err) != "window" {
		t.Errorf("SnapKV of no window: %v", err)
	}
}

// FuzzSweep: what is read is written and read to be the same, and its settings too.
func FuzzSweep(f *testing.F) {
	for _, text := range []string{`{"block":[8,16],"budget":["1","1/4"],"window":[32]}`, `{"top_p":[0.5,"0.9"],"public_code":[true,false],"pooling":["maxpool"]}`, `{}`, `null`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s, again Sweep
		if json.Unmarshal(text, &s) != nil {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s, written as %s: %v", text, out, err)
		}
		if s.Validate() != nil {
			return
		}
		for _, m := range Methods() {
			settings, err := s.Of(m)
			if err != nil {
				continue
			}
			for _, one := range settings {
				var read Setting
				raw, err := json.Marshal(one)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(raw, &read); err != nil || read != one {
					t.Fatalf("%q is read as %q, %v", one, read, err)
				}
			}
		}
	})
}
