package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kvscope/web/api"
)

// A text that the address has no room for is kept, and who copies the link hears of it;
// a link to a text that is not there says so at the field.
func TestLongTextIsKept(t *testing.T) {
	d := ready(t)
	d.s.Meta.Limits.TextBytes = api.MaxText
	text := strings.Repeat("The river ran past the old mill. ", 900)
	for field, value := range map[string]string{"source": "text", "text": text, "key": "fuzzy-otter", "value": "7"} {
		d.do(Set{Field: field, Value: value})
	}
	d.do(Submit{})
	var kept KeepText
	for _, e := range d.effects {
		if k, ok := e.(KeepText); ok {
			kept = k
		}
	}
	l, _ := d.link()
	if kept.Text != text || !strings.Contains(l.Query, "text_name="+kept.Name) || len(l.Query) > 200 {
		t.Fatalf("kept %d bytes under %q, the link is %q", len(kept.Text), kept.Name, l.Query)
	}
	for kept, want := range map[TextKept]string{
		{}:                               "kept nowhere",
		{Name: kept.Name}:                "kept nowhere",
		{Name: "another", Server: true}:  "kept nowhere",
		{Name: kept.Name, Browser: true}: "this browser alone",
		{Name: kept.Name, Browser: true, Server: true}: "this server keeps",
		{Name: kept.Name, Server: true}:                "this server keeps",
	} {
		d.do(kept).do(Share{})
		if note := d.effects[0].(CopyLink).Note; !strings.Contains(note, "29700 characters") || !strings.Contains(note, want) {
			t.Errorf("%+v: who copies the link hears %q", kept, note)
		}
	}
	if d.do(TextKept{Name: kept.Name}); !strings.Contains(d.s.Toast.Text, "kept nowhere") {
		t.Errorf("a text that nobody keeps: %q", d.s.Toast.Text)
	}

	lost := Restore{Place: ParseQuery("source=text&key=k&text_name=0123456789abcdef")}
	if d.do(lost); len(d.starts()) != 0 || d.effects[0] != (FindText{Name: "0123456789abcdef"}) || len(d.s.Problems) > 0 {
		t.Errorf("a text that is not in the browser: %v, problems %v", d.effects, d.s.Problems)
	}
	for _, found := range []TextFound{{Name: "0123456789abcdef"}, {Name: "0123456789abcdef", Text: "another text"}} {
		if d.do(found); len(d.starts()) != 0 || !strings.Contains(d.s.Problems["text"], "not kept") {
			t.Errorf("%+v: %d runs, problems %v", found, len(d.starts()), d.s.Problems)
		}
	}
	// Found on the server, it is run and kept here too.
	d.do(Restore{Place: ParseQuery(l.Query)})
	if d.do(TextFound{Name: "0123456789abcdef", Text: "late"}); len(d.effects) > 0 {
		t.Errorf("the answer to an earlier link: %v", d.effects)
	}
	d.do(TextFound{Name: kept.Name, Text: text})
	if st := d.starts(); len(st) == 0 || st[0].Request.Text != text || d.s.Draft.Text != text || !slices.Contains(d.effects, Effect(kept)) {
		t.Errorf("found on the server: %d runs", len(st))
	}
	d.do(Restore{Place: DefaultPlace()})
	d.do(Restore{Place: ParseQuery(l.Query).WithText(text)})
	if st := d.starts(); len(st) == 0 || st[0].Request.Text != text {
		t.Error("the text that is there is not run")
	}
	d.do(Share{})
	d.do(Set{Field: "source", Value: "task"})
	d.do(Submit{})
	if l, _ := d.link(); d.s.Elsewhere != "" || !strings.Contains(l.Query, "text_name=") {
		t.Errorf("the text is forgotten when a task is run: %q", l.Query)
	}

	// A server that keeps no texts, or none so long, is not asked.
	for _, most := range []int{0, len(text) - 1} {
		d.s.Meta.Limits.TextBytes = most
		d.do(Restore{Place: ParseQuery(l.Query).WithText(text)})
		d.do(Submit{})
		if i := slices.IndexFunc(d.effects, func(e Effect) bool { _, keeps := e.(KeepText); return keeps }); i < 0 || d.effects[i].(KeepText).Server {
			t.Errorf("%d bytes to a server that keeps %d: %v", len(text), most, i)
		}
	}
	d.s.Meta.Limits.TextBytes = 0
	if d.do(lost); !strings.Contains(d.s.Problems["text"], "not kept") {
		t.Errorf("a text that is nowhere: problems %v", d.s.Problems)
	}
}

// A text for which there is room alone, but not with the rest of the form, is named too, and what
// there is no room for even so is said.
func TestLongQueries(t *testing.T) {
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%039d\n", i)
		}
		return b.String()
	}
	d := ready(t)
	text := strings.Repeat("mill", 2500)
	for field, value := range map[string]string{"source": "text", "text": text, "key": "k", "questions": keys(63)} {
		d.do(Set{Field: field, Value: value})
	}
	d.do(Submit{})
	l, _ := d.link()
	if got := ParseQuery(l.Query); got.Form.Questions != d.s.Form.Questions || got.WithText(text).Form.Text != text || len(l.Query) > maxQuery {
		t.Errorf("the link has %d bytes, questions of %d of %d, and the text %q", len(l.Query), len(got.Form.Questions), len(d.s.Form.Questions), got.Elsewhere)
	}
	if i := slices.IndexFunc(d.effects, func(e Effect) bool { k, ok := e.(KeepText); return ok && k.Text == text }); i < 0 {
		t.Error("the text is not kept")
	}
	if d.do(Share{}); strings.Contains(d.effects[0].(CopyLink).Note, "no room") {
		t.Errorf("all is in the link: %q", d.effects[0].(CopyLink).Note)
	}
	d.do(Set{Field: "questions", Value: strings.Repeat("é", maxQuery)}).do(Submit{})
	if l, _ = d.link(); !strings.Contains(d.s.Toast.Text, "no room for what is in questions") || !strings.Contains(l.Query, "text_name=") || strings.Contains(l.Query, "questions=") {
		t.Errorf("it is said that %q, and the link is %.200q", d.s.Toast.Text, l.Query)
	}
	if d.do(Share{}); !strings.Contains(d.effects[0].(CopyLink).Note, "no room for what is in questions") {
		t.Errorf("who copies the link hears %q", d.effects[0].(CopyLink).Note)
	}
}
