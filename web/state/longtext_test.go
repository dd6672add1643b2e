package state

import (
	"strings"
	"testing"
)

// A text that the address has no room for is kept, and who copies the link hears of it;
// a link to a text that is not there says so at the field.
func TestLongTextIsKept(t *testing.T) {
	d := ready(t)
	text := strings.Repeat("The river ran past the old mill. ", 900)
	for field, value := range map[string]string{"source": "text", "text": text, "key": "fuzzy-otter", "value": "7"} {
		d.do(Set{Field: field, Value: value})
	}
	d.do(Run{})
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
	d.do(Share{})
	if note := d.effects[0].(CopyLink).Note; !strings.Contains(note, "29700 characters") {
		t.Errorf("who copies the link hears %q", note)
	}

	d.do(Restore{Place: ParseQuery("source=text&key=k&text_name=0123456789abcdef")})
	if len(d.starts()) != 0 || !strings.Contains(d.s.Problems["text"], "not kept") {
		t.Errorf("a text that is not there: %d runs, problems %v", len(d.starts()), d.s.Problems)
	}
	d.do(Restore{Place: ParseQuery(l.Query).WithText(text)})
	if st := d.starts(); len(st) == 0 || st[0].Request.Text != text {
		t.Error("the text that is there is not run")
	}
	d.do(Share{})
	d.do(Set{Field: "source", Value: "task"})
	d.do(Run{})
	if l, _ := d.link(); d.s.Elsewhere != "" || !strings.Contains(l.Query, "text_name=") {
		t.Errorf("the text is forgotten when a task is run: %q", l.Query)
	}
}
