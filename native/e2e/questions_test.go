package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// The keys below an own text are asked beside each other of one compressed cache: what stands
// there is what the engine answers to each alone, with the hash of its cache, and a press
// shows the run of another.
func TestSeveralQuestions(t *testing.T) {
	text := "One of the special magic numbers for old-mill is: 4821937. " + strings.Repeat("The river ran past. ", 10) + "One of the special magic numbers for brave-lantern is: 7654321."
	keys := []string{"old-mill", "brave-lantern", "nowhere"}
	d := sit(t, "?source=text&method=knorm&budget=1/2&evict=before&max_new=3&key="+keys[0]+"&questions="+url.QueryEscape(strings.Join(keys[1:], "\n"))+"&text="+url.QueryEscape(text))
	d.finished("")
	d.wait(`document.querySelector('` + id("questions") + `').dataset.state === "done"`)
	for column, model := range []string{"attention", "ratplus"} {
		var want []string
		hash := ""
		for _, key := range keys {
			var r trace.Run
			req := run.Request{Model: model, Text: text, Key: key, MaxNew: new(3), Config: sparse.Config{Method: "knorm", Values: sparse.Values{"budget": "1/2", "block": "16", "evict": "before"}}}
			if err := d.engine.Run(t.Context(), req, &r); err != nil {
				t.Fatal(err)
			}
			want, hash = append(want, key+": "+strings.TrimSpace(r.Done.Answer)), r.Done.Compressed.Hash
		}
		list := id(fmt.Sprint("questions-", column))
		got := evaluate[[]string](d, fmt.Sprintf(`[...document.querySelectorAll('%s li')].map(e => e.dataset.key + ": " + e.children[1].textContent.trim())`, list))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("column %d shows %q, the engine answers %q", column, got, want)
		}
		d.has(list+" "+id("evidence"), "for 3 questions, the same for all")
		if otherHost(t) != "" {
			hash = "[0-9a-f]{16}" // of states that a browser may compute with other last bits
		}
		d.wait(`/of hash ` + hash + `\b/.test(document.querySelector('` + list + " " + id("evidence") + `').textContent)`)
	}
	d.rerun(func() { d.press(id("questions-1") + ` button[data-key="brave-lantern"]`) })
	d.wait(`new URLSearchParams(location.search).get("key") === "brave-lantern" && document.querySelectorAll('` + id("questions-0") + ` .at').length === 1`)
	d.has(id("asked"), "brave-lantern")

	// The keys of a task are asked by a button; a press on one shows its run, and another what
	// the task asks.
	d.rerun(func() { d.visit("?task=MQ&seed=3&context=256&method=knorm&budget=1/2&evict=before&max_new=3") })
	d.press(id("ask-each"))
	d.wait(`document.querySelector('` + id("questions") + `').dataset.state === "done"`)
	d.has(id("questions-1")+" "+id("evidence"), "for 4 questions, the same for all")
	row := id("questions-1") + " li:nth-child(2) button"
	key := evaluate[string](d, `document.querySelector('`+row+`').dataset.key`)
	d.rerun(func() { d.press(row) })
	d.wait(fmt.Sprintf(`new URLSearchParams(location.search).get("asks") === %q && document.querySelectorAll('%s .at').length === 1`, key, id("questions-0")))
	d.wait(fmt.Sprintf(`document.querySelector('%s').textContent.split(" for ")[1].startsWith(%q)`, id("asked"), key+" mentioned"))
	d.rerun(func() { d.press(row) })
	d.wait(fmt.Sprintf(`new URLSearchParams(location.search).get("asks") === null && document.querySelectorAll('%s .at').length === 0`, id("questions-0")))
	d.quiet()
}
