package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kvscope/engine/run"
)

// in is the desk for a part of a test: browser and server are shared.
func (d *desk) in(t *testing.T) *desk {
	other := *d
	other.t = t
	return &other
}

// visit shows another query on the page that is open, as the way back does.
func (d *desk) visit(query string) {
	d.t.Helper()
	evaluate[any](d, fmt.Sprintf(`history.pushState(null, "", goappGetenv("GOAPP_ROOT_PREFIX") + "/" + %q); window.dispatchEvent(new PopStateEvent("popstate"))`, query))
}

// rerun does something and lets the runs that come of it be done.
func (d *desk) rerun(do func()) {
	d.t.Helper()
	gens := d.gens()
	do()
	d.finished(gens)
}

// set fills in a field and leaves it, which runs.
func (d *desk) set(field, value string) {
	d.t.Helper()
	d.rerun(func() { d.write(field, value); d.leave(field) })
}

// both compares the picks of both columns with the runs of a request, by the models of the
// demo pair's names, to which as is added.
func (d *desk) both(req run.Request, as ...string) {
	d.t.Helper()
	d.shown(0, withModel(req, "attention"+strings.Join(as, "")))
	d.shown(1, withModel(req, "ratplus"+strings.Join(as, "")))
}

// has waits until an element's text has some words in it.
func (d *desk) has(selector, words string) {
	d.t.Helper()
	d.wait(fmt.Sprintf(`(document.querySelector(%q)?.textContent ?? "").includes(%q)`, selector, words))
}

// Every control of the request does to the runs what it says, and the page shows the
// picks of the run that came of it.
func TestControls(t *testing.T) {
	d := sit(t, "?head=1.1")
	d.finished("")
	// reset goes back to a request that differs from every other.
	reset := func(d *desk, query string) {
		d.t.Helper()
		d.rerun(func() { d.visit("?head=1.1" + query) })
	}
	const hint = `.field:has([data-testid="depth-auto"]) .hint`

	t.Run("depth", func(t *testing.T) {
		d := d.in(t)
		before := fmt.Sprint(d.picks(0))
		d.has(hint, "drawn from the seed")
		d.rerun(func() { d.press(id("depth-auto")) })
		d.has(hint, "50%")
		req, depth := quest, 0.5
		req.Depth = &depth
		d.both(req)
		d.set("depth", "10")
		depth = 0.1
		d.both(req)
		d.has(hint, "10%")
		gold := d.direct(withModel(req, "attention")).Header.Gold[0]
		if marked := d.data(id("strip-0")+" .gold", "t"); marked != strconv.Itoa(gold) {
			t.Errorf("the answer is marked at %s, the needle's is at %d", marked, gold)
		}
		d.rerun(func() { d.press(id("depth-auto")) })
		d.both(quest)
		if got := fmt.Sprint(d.picks(0)); got != before || strings.Contains(evaluate[string](d, "location.search"), "depth") {
			t.Errorf("the depth is not drawn from the seed again: %s", evaluate[string](d, "location.search"))
		}
	})

	t.Run("seed", func(t *testing.T) {
		d := d.in(t)
		d.rerun(func() { d.press(id("next-seed")) })
		if got := d.data(id("column-0"), "seed"); got != "2" {
			t.Errorf("the next seed is %s, want 2", got)
		}
		req := quest
		req.Seed = 2
		d.both(req)
		d.rerun(func() { d.press(`[aria-label="random seed"]`) })
		got := d.data(id("column-0"), "seed")
		n, err := strconv.ParseUint(got, 10, 64)
		if field := evaluate[string](d, `document.querySelector('[data-field="seed"]').value`); err != nil || field != got {
			t.Errorf("the random seed is %q in the field and %q in the run", field, got)
		}
		req.Seed = n
		d.both(req)
	})

	t.Run("SnapKV", func(t *testing.T) {
		d := d.in(t)
		reset(d, "&method=snapkv&budget=1/2")
		req := quest
		req.Method = "snapkv"
		req.Config = req.With("budget", "1/2")
		d.both(req)
		last := fmt.Sprint(d.picks(0))
		changed := func(what string) {
			t.Helper()
			d.both(req)
			now := fmt.Sprint(d.picks(0))
			if now == last {
				t.Errorf("%s changes nothing", what)
			}
			last = now
		}
		d.set("window", "4")
		req.Config = req.With("window", "4")
		changed("a window of 4")
		d.set("kernel", "31")
		req.Config = req.With("kernel", "31")
		changed("a kernel of 31")
		d.rerun(func() { d.choose("pooling", "max") })
		req.Config = req.With("pooling", "max")
		changed("pooling by the largest")
		d.rerun(func() { d.choose("whose_budget", "all") })
		req.Config = req.With("whose_budget", "all")
		changed("one choice for all layers")
		d.write("kernel", "4")
		d.has(id("problem-kernel"), "4, want an odd number from 1 to 255")
		d.write("window", "0")
		d.has(id("problem-window"), "0, want a whole number from 1 to 4096")
	})

	t.Run("dilation", func(t *testing.T) {
		d := d.in(t)
		reset(d, "&method=dilated&dilation=9")
		req := quest
		req.Method = "dilated"
		req.Config = req.With("dilation", "9")
		d.both(req)
		d.set("dilation", "5")
		req.Config = req.With("dilation", "5")
		d.both(req)
		d.set("window", "12")
		d.set("initial", "3")
		req.Config = req.With("window", "12").With("initial", "3")
		d.both(req)
		if first := strings.Split(d.picks(0)["0"], ","); !slices.Equal(first[:3], []string{"0", "1", "2"}) {
			t.Errorf("the first three tokens are not read: %v", first[:3])
		}
	})

	t.Run("dense layers", func(t *testing.T) {
		d := d.in(t)
		reset(d, "&dense_layers=2")
		req := quest
		req.Config = req.With("dense_layers", "2")
		d.both(req)
		d.set("dense_layers", "1")
		req.Config = req.With("dense_layers", "1")
		d.both(req)
		d.press(id("heads-0") + ` [data-layer="0"][data-head="0"]`)
		d.wait(`document.querySelector('` + id("grid-0") + `').dataset.head === "0.0"`)
		r := d.direct(withModel(req, "attention"))
		all := d.picks(0)["0"]
		if want := picked(r.Selection(0, 0, 0)); all != want || strings.Count(all, ",")+1 != r.Selection(0, 0, 0).Candidates {
			t.Errorf("a dense layer reads %s, want every block: %s", all, want)
		}
	})

	t.Run("follow the authors' released code", func(t *testing.T) {
		d := d.in(t)
		reset(d, "&k=2")
		d.rerun(func() { d.press(`[data-field="public_code"]`) })
		req := quest
		req.Config = req.With("k", "2").With("public_code", "true")
		d.both(req)
	})

	t.Run("MoBA's grid by query", func(t *testing.T) {
		d := d.in(t)
		reset(d, "&method=moba")
		req := quest
		req.Method = "moba"
		d.both(req)
		d.queries(0, withModel(req, "attention"))
		d.queries(1, withModel(req, "ratplus"))
		d.has(id("column-0"), "Blocks, by query")
		d.has(id("legend-grid-0"), "share of queries")
		// A line of queries can be looked at: the prompt is shaded by it.
		d.visit("?head=1.1&method=moba&line=3")
		d.wait(`document.querySelector('` + id("grid-0") + `').dataset.line === "3"`)
		d.has(id("timeline"), "prompt queries 48 to 63")
		if evaluate[int](d, `[...document.querySelectorAll('`+id("strip-0")+` .tb')].filter(e => Number(e.style.getPropertyValue("--v")) > 0 && Number(e.dataset.b) > 3).length`) > 0 {
			t.Error("queries of block 3 are shown to read blocks after it")
		}
	})
	d.quiet()
}

// queries compares the lines of prompt queries of a column's grid with the run of a
// request, for head 1.1: a line has the blocks that any of its queries picked.
func (d *desk) queries(side int, req run.Request) {
	d.t.Helper()
	r := d.direct(req)
	grid := id("grid-" + strconv.Itoa(side))
	page := evaluate[[][2]string](d, fmt.Sprintf(`[...document.querySelectorAll('%s .grid-row[data-step="-1"]')].map(e => [e.textContent, e.dataset.picked])`, grid))
	if want := (len(r.Header.Tokens) - 1 + 15) / 16; len(page) != want {
		d.t.Fatalf("column %d has %d lines of queries, want %d", side, len(page), want)
	}
	for line, got := range page {
		var list []string
		for block := range len(r.Header.Tokens)/16 + 1 {
			for _, s := range r.Of(-1, 1, 1) {
				for q := max(0, line*16-s.First); q < min(s.Queries, line*16+16-s.First); q++ {
					if name := strconv.Itoa(block); block < s.Candidates && s.Has(q, block) && !slices.Contains(list, name) {
						list = append(list, name)
					}
				}
			}
		}
		if want := strings.Join(list, ","); got[1] != want || got[0] != strconv.Itoa(line*16) {
			d.t.Errorf("column %d, queries from %s: the page says %s, the run %s", side, got[0], got[1], want)
		}
	}
}
