package state

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/web/client"
)

func TestRequest(t *testing.T) {
	half := 0.5
	for _, c := range []struct {
		name string
		form func(*Form)
		want run.Request
	}{
		{"defaults", func(*Form) {}, run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"depth", func(f *Form) { f.Depth = " 50 %" }, run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}, Depth: &half}},
		{"options of another method are not sent", func(f *Form) { *f = f.With("window", "64").With("kernel", "8").With("pooling", "no") },
			run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"a book", func(f *Form) { f.Prose = "tom-sawyer" }, run.Request{Task: "MK-1", Seed: 1, Prose: "tom-sawyer", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"a book where there is no prose", func(f *Form) { f.Task, f.Prose = "S-1", "tom-sawyer" }, run.Request{Task: "S-1", Seed: 1, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"snapkv", func(f *Form) {
			f.Method, f.Selector = "snapkv", "random"
			*f = f.With("window", "64").With("kernel", "5").With("pooling", "max")
		}, run.Request{Task: "MK-1", Seed: 1, Config: sparse.Config{Method: "snapkv", Selector: "random", Values: sparse.Values{"budget": "1/8", "block": "16", "window": "64", "kernel": "5", "pooling": "max"}}}},
		{"own text", func(f *Form) { f.Source, f.Text, f.Key, f.Value = FromText, " some text ", " key ", "" },
			run.Request{Text: " some text ", Key: "key", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"free prompt, with what was typed for own text", func(f *Form) { f.Source, f.Text, f.Key, f.Depth = FromPrompt, " Once ", "k", "x" },
			run.Request{Prompt: " Once ", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"own needle, with what was typed for tasks", func(f *Form) {
			f.Source, f.Text, f.Key, f.Value, f.Depth, f.Seed, f.Context = FromText, "t", "k", "v", "50", "x", "y"
		}, run.Request{Text: "t", Key: "k", Value: "v", Depth: &half, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}},
		{"everything empty", func(f *Form) { f.Seed = ""; *f = f.With("budget", " ").With("block", "") }, run.Request{Task: "MK-1", Config: sparse.Config{Method: "quest"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := DefaultForm()
			c.form(&f)
			c.want.Model = "m"
			got, problems := f.Request("m", 1024)
			if len(problems) > 0 || !reflect.DeepEqual(got, c.want) {
				t.Errorf("request %+v with problems %v, want %+v", got, problems, c.want)
			}
		})
	}
}

func TestRequestSaysWhatIsWrongWhere(t *testing.T) {
	for _, c := range []struct {
		field, value string
		says         string
	}{
		{"seed", "-1", "whole number"},
		{"seed", "99999999999999999999", "whole number"},
		{"context", "12", "64 to 1024"},
		{"context", "2000", "64 to 1024"},
		{"context", "many", "whole number"},
		{"depth", "101", "0 to 100"},
		{"depth", "NaN", "0 to 100"},
		{"budget", "1/0", "fraction"},
		{"budget", "2", "at most 1"},
		{"block", "0", "1 to 4096"},
		{"block", "1.5", "whole number"},
		{"window", "9999", "1 to 4096"},
		{"kernel", "4", "odd"},
		{"pooling", "sum", "avg or max"},
		{"method", "magic", "not a method"},
		{"task", "MK-9", "allowed are"},
	} {
		t.Run(c.field+"="+c.value, func(t *testing.T) {
			f := DefaultForm().With("method", "snapkv").With(c.field, c.value)
			_, problems := f.Request("m", 1024)
			if names := slices.Collect(maps.Keys(problems)); len(names) != 1 || names[0] != c.field {
				t.Fatalf("problems %v, want one of %s", problems, c.field)
			}
			if !strings.Contains(problems[c.field], c.says) {
				t.Errorf("says %q, want %q in it", problems[c.field], c.says)
			}
		})
	}
	_, problems := Form{Source: FromText, Method: "dense", Text: " "}.Request("m", 0)
	if len(problems) != 2 || problems["text"] == "" || problems["key"] == "" {
		t.Errorf("empty own text: problems %v, want text and key", problems)
	}
	_, problems = DefaultForm().With("method", "dilated").With("selector", "random").Request("m", 0)
	if problems["selector"] == "" {
		t.Errorf("dilated at random: problems %v, want selector", problems)
	}
}

func TestFieldsAreReadBack(t *testing.T) {
	f := Form{}
	for i, d := range fields {
		f = f.With(d.name, strings.Repeat("x", i+1))
	}
	for i, d := range fields {
		if got := f.Get(d.name); len(got) != i+1 {
			t.Errorf("%s reads %q", d.name, got)
		}
	}
	if !f.With("nonsense", "1").Equal(f) || f.Get("nonsense") != "" {
		t.Error("a field that is not there was set")
	}
}

func TestBlame(t *testing.T) {
	if f, p := Blame(input.Errorf("tasks", "S-9: wrong")); f != "tasks" || p != "S-9: wrong" {
		t.Errorf("%q %q", f, p)
	}
	if f, p := Blame(&client.LostError{Err: errors.New("dial: refused")}); f != "" || !strings.Contains(p, "dial: refused") {
		t.Errorf("%q %q", f, p)
	}
}
