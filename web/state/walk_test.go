package state

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// linkBases has, for every field of a link, a link in which it has an effect and another
// value than its default, the field first.
var linkBases = map[string]string{
	"source": "source=text&text=a+b&key=k&value=v", "task": "task=MK-2", "seed": "seed=7", "context": "context=256", "depth": "depth=30", "prose": "prose=sentences&task=MK-1", "asks": "asks=old-mill&task=MQ",
	"text": "text=a+b&source=text&key=k&value=v", "key": "key=k&source=text&text=a+b&value=v", "value": "value=v&source=text&text=a+b&key=k", "questions": "questions=other&source=text&text=a+b&key=k",
	"text_name": "text_name=0123456789abcdef&source=text&key=k",
	"method":    "method=moba", "selector": "selector=random", "selector_seed": "selector_seed=5&selector=random", "budget": "budget=1/4", "block": "block=8",
	"max_new": "max_new=3", "memory_strength": "memory_strength=0.5", "memory_cap": "memory_cap=3", "select_with": "select_with=plain", "compute_with": "compute_with=plain",
	"force": "force=3", "drop": "drop=3", "left": "left=ratplus:moba", "right": "right=attention:moba", "third": "third=attention:moba", "fourth": "fourth=attention:moba&third=attention:moba",
	"k": "k=3", "dense_layers": "dense_layers=1", "public_code": "public_code=true", "window": "window=16&method=snapkv", "kernel": "kernel=3&method=snapkv",
	"group": "group=mean&method=snapkv", "beta": "beta=5&method=pyramidkv", "scorer": "scorer=keydiff&method=adakv", "safe": "safe=0.3&method=adakv", "page": "page=8&method=rocketkv", "channels": "channels=0.3&method=rocketkv",
	"future": "future=9&method=expected-attention", "epsilon": "epsilon=0.5&method=expected-attention",
	"average":  "average=true&method=h2o",
	"vertical": "vertical=9&method=vertical-slash", "forced": "forced=3&method=vertical-slash", "stride": "stride=4&method=xattention",
	"sparse_from": "sparse_from=question", "evict": "evict=before&method=snapkv", "whose_budget": "whose_budget=layer",
	"pooling": "pooling=max&method=snapkv", "initial": "initial=2&method=streaming", "dilation": "dilation=3&method=dilated", "top_p": "top_p=0.5&method=twilight",
	"head": "head=1.2", "line": "line=2", "at": "at=3", "token": "token=5", "metric": "metric=recall", "shade": "shade=mass", "view": "view=memory", "map": "map=1,2,8",
	"speed": "speed=2", "hide": "hide=grid", "ranked": "ranked=1", "zoomed": "zoomed=1", "compare": "compare=1", "linear": "linear=1", "nosink": "nosink=1", "wide": "wide=1", "present": "present=1", "apart": "apart=1", "every": "every=1",
}

// linkBase is the link of linkBases with a field, or one made from the entry of a method that
// has the field as a parameter.
func linkBase(name string) (base string, ok bool) {
	if base, ok := linkBases[name]; ok {
		return base, true
	}
	for _, m := range sparse.Methods() {
		if p, ok := m.Param(name); ok {
			return name + "=" + url.QueryEscape(anotherValue(p)) + "&method=" + m.ID, true
		}
	}
	return "", false
}

// anotherValue is one that a parameter may have and has not by itself.
func anotherValue(p sparse.Param) string {
	switch p.Kind {
	case sparse.KindBool:
		return strconv.FormatBool(p.Default != "true")
	case sparse.KindChoice:
		return p.Choices[slices.IndexFunc(p.Choices, func(c string) bool { return c != p.Default })]
	case sparse.KindBudget:
		return "1/3"
	case sparse.KindInt:
		return strconv.Itoa(int(p.Min) + 2)
	}
	return strconv.FormatFloat(p.Min+(p.Max-p.Min)/3, 'g', -1, 64)
}

// linkValues are values that a field may come to have in a link.
var linkValues = []string{
	"", "0", "-1", "1.5", "999999999999999999999", "1e400", "NaN", "-Inf", "x", "\x00", "é,中", "true", "[]", "a:b:c", "attention:nothing", "attention:quest:nothing", "1,2", "99.99", "1/0", " ",
}

// TestWalkLink gives every field of a link every kind of value. Each is told as something
// that is not understood, blamed at its field, or has an effect: another request, or
// another place than the field has in its base. A name that no field has is told too.
func TestWalkLink(t *testing.T) {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	p := DefaultPlace()
	for _, f := range p.flags() {
		names = append(names, f.name)
	}
	names = append(append(names, optionNames()...), "source", "text_name", "head", "line", "at", "token", "metric", "shade", "linear", "nosink", "view", "map", "speed", "hide", ApartOption, EveryOption)
	for _, name := range names {
		base, ok := linkBase(name)
		if !ok {
			t.Errorf("the walk has no link with %s", name)
			continue
		}
		if bad := Misread(base, fourViews); len(bad) > 0 {
			t.Errorf("%s: not understood: %v", base, bad)
		}
		want := follow(t, base)
		if len(want.problems) > 0 && name != "text_name" {
			t.Errorf("%s: problems %v", base, want.problems)
		}
		first, rest, _ := strings.Cut(base, "&")
		if rest != "" {
			rest = "&" + rest
		}
		for _, value := range linkValues {
			if first == name+"="+value {
				continue // the base itself
			}
			query := name + "=" + url.QueryEscape(value) + rest
			got := follow(t, query)
			switch {
			case slices.Contains(Misread(query, fourViews), name+"="+url.QueryEscape(value)):
			case slices.Contains(got.problems, name):
			case !(reflect.DeepEqual(got.requests, want.requests) && slices.Equal(got.keys, want.keys)) && len(got.problems) == 0:
			case !reflect.DeepEqual(got.place, want.place):
			default:
				t.Errorf("%s: %q has no effect and is not blamed; problems at %v", name, value, got.problems)
			}
		}
	}
	for _, query := range []string{"unknown=1", "Task=MK-1", "task%zz=1", "task=%zz", "a;b", "="} {
		if got := Misread("seed=7&"+query, fourViews); !slices.Equal(got, []string{query}) {
			t.Errorf("%s: told are %v", query, got)
		}
	}
	if got := Misread("seed=7&task=MK-1&seed=8&task=MK-1", fourViews); !slices.Equal(got, []string{"seed=7"}) {
		t.Errorf("told are %v of a field that comes twice", got)
	}
	if got := Misread("seed=7&&task=MK-2", fourViews); len(got) > 0 {
		t.Errorf("told are %v of a link that is right", got)
	}
}

// followed holds the requests and the place that a page makes of a link.
type followed struct {
	requests []run.Request
	keys     []string // asked for beside each other
	problems []string
	place    Place // without the form, which is in the requests
}

func follow(t *testing.T, query string) followed {
	t.Helper()
	d := &desk{t: t, s: New(DefaultPlace(), fourViews)}
	d.do(Restore{Place: ParseQuery(query)}).do(twoModels)
	out := followed{problems: slices.Sorted(maps.Keys(d.s.Problems)), place: ParseQuery(query)}
	out.keys = d.s.Form.keys()
	for _, s := range d.starts() {
		out.requests = append(out.requests, s.Request)
	}
	out.place.Form = Form{}
	return out
}
