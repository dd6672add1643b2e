package state

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"kvscope/web/picture"
)

func TestQueryIsReadable(t *testing.T) {
	for _, c := range []struct {
		name, query string
		place       func(*Place)
	}{
		{"first", "", func(p *Place) { *p = FirstPlace() }},
		{"first, and something else", "task=MK-2&seed=3&budget=1/16", func(p *Place) {
			*p = FirstPlace()
			p.Form = p.Form.With("budget", "1/16")
		}},
		{"defaults", "task=MK-1", func(*Place) {}},
		{"request", "task=MV&seed=7&method=snapkv&budget=1/16&window=64", func(p *Place) {
			p.Form.Task, p.Form.Seed, p.Form.Method = "MV", "7", "snapkv"
			p.Form = p.Form.With("budget", "1/16").With("window", "64")
		}},
		{"view", "head=2.3&line=4&at=17&metric=recall&shade=mass", func(p *Place) {
			p.Head, p.Line, p.PinnedBlock, p.Metric = &picture.Head{Layer: 2, Head: 3}, 4, 17, picture.Recall
			p.setOption("shade", "mass")
		}},
		{"own text", "source=text&text=a+%26+b%3D1%0A%C3%A9&key=fuzzy-otter&value=a,b:c/d", func(p *Place) {
			p.Form.Source, p.Form.Text, p.Form.Key, p.Form.Value = FromText, "a & b=1\né", "fuzzy-otter", "a,b:c/d"
		}},
		{"views", "view=attention&token=12&linear=1&map=100,0.5,64&ranked=1&present=1&speed=1/2&hide=controls,timeline", func(p *Place) {
			p.View, p.Token = "attention", 12
			p.setOption("map", "100,0.5,64")
			p.setOption("linear", "1")
			p.Ranked, p.Present, p.Speed, p.Hide = true, true, "1/2", "controls,timeline"
		}},
		{"columns", "k=3&memory_strength=0.5&select_with=plain&force=3,5&right=ratplus:moba&third=ratplus::plain/memory&compare=1", func(p *Place) {
			p.Form.Strength, p.Form.SelectWith, p.Form.Force = "0.5", "plain", "3,5"
			p.Form = p.Form.With("k", "3")
			p.Form.Right, p.Form.Third, p.Compare = "ratplus:moba", "ratplus::plain/memory", true
		}},
		{"emptied field", "budget=&block=", func(p *Place) { p.Form = p.Form.With("budget", "").With("block", "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := DefaultPlace()
			c.place(&p)
			if got := p.Query(); got != c.query {
				t.Errorf("query %q, want %q", got, c.query)
			}
			if got := ParseQuery(c.query); !reflect.DeepEqual(got, p) {
				t.Errorf("%q reads as %+v, want %+v", c.query, got, p)
			}
		})
	}
}

func TestQueryThatMakesNoSense(t *testing.T) {
	for _, query := range []string{
		"head=2", "head=a.b", "head=-1.2", "head=1.99999999999", "line=x", "line=-7", "at=1e3",
		"view=", "view=All", "view=a+b", "token=-3", "map=1,2", "linear=yes", "shade=x", "ranked=yes", "speed=9", "hide=everything",
		"metric=best", "shade=", "source=file", "unknown=1", "%zz=1", "task=%zz", "=", "&&", "a;b",
	} {
		if got, want := New(ParseQuery(query), fourViews).Place, DefaultPlace(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q reads as %+v, want the defaults", query, got)
		}
	}
	// What is wrong with a field is for the field to say.
	if got := ParseQuery("budget=lots&seed=-1").Form; got.Get("budget") != "lots" || got.Seed != "-1" {
		t.Errorf("typed text was lost: %+v", got)
	}
}

func TestQueryNamesTextThatIsTooLong(t *testing.T) {
	p := DefaultPlace()
	p.Form.Source, p.Form.Text, p.Form.Key = FromText, strings.Repeat("é", maxQuery), "k"
	q := p.Query()
	if len(q) > maxQuery {
		t.Errorf("the query has %d bytes, at most %d are allowed", len(q), maxQuery)
	}
	p.Form.Method, p.Present = "moba", true
	q = p.Query()
	got := ParseQuery(q)
	if got.Form.Text != "" || got.Elsewhere == "" || got.Form.Method != "moba" || !got.Present {
		t.Errorf("%q lost more than the text", q)
	}
	if again := got.Query(); again != q {
		t.Errorf("%q is written again as %q", q, again)
	}
	if found := got.WithText(p.Form.Text); !reflect.DeepEqual(found, p) {
		t.Errorf("with its text %q reads as %+v", q, found)
	}
	if other := got.WithText("another text"); !reflect.DeepEqual(other, got) {
		t.Errorf("another text is taken for it: %+v", other)
	}
	if got := ParseQuery("text_name=../etc&source=text"); got.Elsewhere != "" {
		t.Errorf("%q is taken for a name", got.Elsewhere)
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"", "task=MV&seed=7&budget=1/16", "head=2.3&line=4&at=17&metric=recall&shade=mass",
		"source=text&text=a+%26+b%3D1%0A%C3%A9&key=%ff", "left=&right=&depth=%2050%25", "view=memory&map=-0.001,2.345,8&hide=grid,header,grid", "a;b&%zz=%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		p := ParseQuery(query)
		q := p.Query()
		if (q == "") != reflect.DeepEqual(p, FirstPlace()) {
			t.Fatalf("%q becomes %q, only the first place has no query", query, q)
		}
		if len(q) > maxQuery {
			t.Fatalf("query of %d bytes", len(q))
		}
		if !utf8.ValidString(p.Form.Text) || strings.ContainsAny(q, " \n\"<>#") {
			t.Fatalf("%q becomes %q, which no address may hold", query, q)
		}
		if len(q) < maxQuery/2 && (p.Form.Text == "" || p.LongText() == "") { // nothing was left out
			if again := ParseQuery(q); !reflect.DeepEqual(again, p) {
				t.Fatalf("%q reads as %+v and, written as %q, as %+v", query, p, q, again)
			}
		}
		if p.Line < Auto || p.PinnedBlock < None {
			t.Fatalf("line %d, block %d", p.Line, p.PinnedBlock)
		}
	})
}

// TestOptionsOfViews: what a link says of a view that the page has is kept as the view
// writes it, wherever in the link it stands, and anything else is dropped.
func TestOptionsOfViews(t *testing.T) {
	s := New(ParseQuery("linear=1&shade=picks&nosink=0&map=1,2,8&view=attention&seen=1"), fourViews)
	if got, want := s.Query(), "view=attention&linear=1&map=1,2,8"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	before := s
	s, effects := s.Do(SetOption{"map", ""})
	if got, want := s.Query(), "view=attention&linear=1"; got != want || before.Option("map") == "" {
		t.Errorf("%q, want %q; the snapshot before has %q", got, want, before.Option("map"))
	}
	if len(effects) != 1 || effects[0] != (Link{Query: s.Query()}) {
		t.Errorf("%+v", effects)
	}
	for _, a := range []Action{SetOption{"seen", "1"}, SetOption{"shade", "x"}, Toggle{"seen"}} {
		if after, _ := s.Do(a); after.Query() != s.Query() {
			t.Errorf("%+v: %q", a, after.Query())
		}
	}
	if s, _ = s.Do(Toggle{"linear"}); s.Option("linear") != "" {
		t.Error("a flag is not switched off")
	}
}
