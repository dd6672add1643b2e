package state

import (
	"testing"
	"time"
)

// fades are the toasts whose end the last action asked for.
func (d *desk) fades() (out []Fade) {
	for _, e := range d.effects {
		if f, ok := e.(Fade); ok {
			out = append(out, f)
		}
	}
	return out
}

// TestToastsGo: a message goes once it can have been read, and not before one that came later;
// the same text is another message; a link takes away what was said of the one before.
func TestToastsGo(t *testing.T) {
	d := ready(t).do(ShowToast{Text: "The link is copied."})
	first := d.fades()
	if len(first) != 1 || first[0].For < 5*time.Second || first[0].For > 10*time.Second {
		t.Fatalf("it goes by %v", first)
	}
	d.do(ShowToast{Text: "The link is copied."})
	second := d.fades()
	if len(second) != 1 || second[0].Gen == first[0].Gen {
		t.Errorf("said again, it goes by %v, as if by %v", second, first)
	}
	if d.do(Faded{first[0].Gen}); d.s.Toast.Text == "" {
		t.Error("the end of the first takes the second away")
	}
	if d.do(Faded{second[0].Gen}); d.s.Toast.Text != "" {
		t.Errorf("%q stays", d.s.Toast.Text)
	}
	d.do(ShowToast{Text: "loading a", Stays: true})
	if len(d.fades()) != 0 {
		t.Errorf("what is under way goes by %v", d.fades())
	}
	if d.do(NotOpened{Name: "a", Problem: "no"}); d.s.Toast.Text != "" {
		t.Errorf("%q is said of what has failed", d.s.Toast.Text)
	}
	d.do(ShowToast{Text: "left out"}).do(Restore{ParseQuery("seed=4")})
	if d.s.Toast.Text != "" {
		t.Errorf("%q is said of another link", d.s.Toast.Text)
	}
	if d.do(ShowToast{Text: "left out"}).do(Point{Block: 1}); len(d.fades()) != 0 || d.s.Toast.Text == "" {
		t.Errorf("pointing changes the message: %v", d.fades())
	}
}
