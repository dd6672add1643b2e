package e2e

import (
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/native/browsertest"
)

// seen holds the parts of a page that a request decides: by column the answer, token by token,
// and the picks of the looked-at head at every step.
type seen struct {
	answers [2]string
	picks   [2]map[string]string
}

// sees runs the requests of the explorer on an open page and reads what it shows.
func (d *desk) sees() map[string]seen {
	d.t.Helper()
	out := map[string]seen{}
	read := func(what string) {
		var s seen
		for side := range s.picks {
			s.picks[side] = d.picks(side)
			s.answers[side] = evaluate[string](d, `[...document.querySelectorAll('`+id("answer-"+string(rune('0'+side)))+` .got')].map((e) => e.textContent).join(" ")`)
			if len(s.picks[side]) == 0 || s.answers[side] == "" {
				d.t.Errorf("%s: column %d shows nothing", what, side)
			}
		}
		out[what] = s
	}
	read("the link")
	for _, method := range []string{"moba", "snapkv"} {
		d.rerun(func() { d.choose("method", method) })
		read(method)
	}
	d.set("seed", "11")
	read("another example")
	return out
}

// A request shows the same whether a server computes it, the browser on the server's page,
// or a static site below a path.
func TestHostsAgree(t *testing.T) {
	const query = "?task=S-2&seed=5&head=1.1"
	e := newEngine(t)
	served := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28)))
	t.Cleanup(served.Close)
	site := static(t, e, newModels(t))
	var want map[string]seen
	for _, host := range []struct{ name, url, engine string }{
		{"on the server", served.URL + "/", "server"}, {"in the browser", served.URL + "/", "browser"}, {"static site", site.URL + below + "/", ""},
	} {
		d := &desk{t, browsertest.OpenFor(t, 2*time.Minute), e, host.url}
		d.do(chromedp.Navigate(host.url + query))
		d.finished("")
		if host.engine == "browser" {
			d.rerun(func() { d.press(id("choose-engine") + ` input[value="browser"]`) })
		}
		got := d.sees()
		if want == nil {
			want = got
		}
		for what, w := range want {
			if !reflect.DeepEqual(got[what], w) {
				t.Errorf("%s, %s: shows %v, want %v", host.name, what, got[what], w)
			}
		}
		if wrong := d.tab.Errors(); len(wrong) > 0 {
			t.Errorf("%s: the console says %v", host.name, wrong)
		}
		d.tab.Close()
	}
}
