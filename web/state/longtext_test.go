package state

import (
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
	if d.do(TextKept{Name: kept.Name}); !strings.Contains(d.s.Toast, "kept nowhere") {
		t.Errorf("a text that nobody keeps: %q", d.s.Toast)
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
