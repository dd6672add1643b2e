package e2e

import (
	"fmt"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/seeds"
	"kvscope/engine/sparse"
)

// What the screen shows is repeated over many seeds: the marks are what the engine
// answers, one of them opens its example, and another budget puts them away.
func TestManySeeds(t *testing.T) {
	d := sit(t, "?task=S-2&context=128&head=1.1&budget=1/4")
	d.finished("")
	d.press(id("repeat"))
	d.wait(`document.querySelector('` + id("seeds") + `').dataset.state === "done"`)
	var reqs []run.Request
	for _, model := range []string{"attention", "ratplus"} {
		reqs = append(reqs, run.Request{Model: model, Task: "S-2", Context: new(128), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "16"}}})
	}
	var want [2][]string
	err := seeds.Repeat(t.Context(), seeds.Engine{Runner: d.engine}, reqs, 1, 50, func(row seeds.Row) error {
		for i, a := range row.Answers {
			mark := "unknown"
			if a.Kept() {
				mark = "right"
			} else if a.Knew() {
				mark = "wrong"
			}
			want[i] = append(want[i], mark)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		got := evaluate[[]string](d, fmt.Sprintf(`[...document.querySelectorAll('%s .seed')].map(e => ["right", "wrong", "unknown"].find(m => e.classList.contains(m)))`, id(fmt.Sprint("seeds-", i))))
		if fmt.Sprint(got) != fmt.Sprint(want[i]) {
			t.Errorf("column %d shows %v, the engine answers %v", i, got, want[i])
		}
	}
	d.walk("many seeds")
	d.rerun(func() { d.press(id("seeds-1") + ` .seed[data-seed="7"]`) })
	d.wait(`new URLSearchParams(location.search).get("seed") === "7" && document.querySelectorAll('` + id("seeds-0") + ` .seed.at').length === 1`)
	d.rerun(func() { d.choose("budget", "1/8") })
	d.wait(`document.querySelector('` + id("seeds") + `').dataset.state === ""`)
	d.quiet()
}
