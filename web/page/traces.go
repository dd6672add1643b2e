package page

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/picture"
	"kvscope/web/traces"
	"kvscope/web/widget"
)

// Traces lists the recorded runs that this browser and the server keep: they can be described, renamed,
// compared, opened, downloaded and removed, and files dropped on the page are kept.
type Traces struct {
	app.Compo

	plain      plain
	ctx        app.Context
	stores     []traceStore // that keep any
	ready      bool
	list       traces.List
	picked     []string // keys, at most two, to be compared
	removed    *removed // that can be put back
	compared   *compared
	used, most int // bytes, of the browser's space for this site
	said       string
}

// removed is a trace that was removed, and its file.
type removed struct {
	trace traces.Trace
	file  app.Value
}

// compared is two traces side by side.
type compared struct {
	left, right traces.Trace
	of          traces.Comparison
	svg         string
}

// NewTraces returns the page.
func NewTraces() *Traces { return &Traces{plain: newPlain()} }

// OnMount reads what the browser keeps.
func (p *Traces) OnMount(ctx app.Context) {
	p.ctx = ctx
	p.plain.start(ctx, func() { p.Update() })
	p.plain.stop = append(p.plain.stop,
		browser.OnDrop(p.keepAll), browser.OnChosen("input[data-keeps]", p.keepAll))
	asked := []traceStore{browserTraces{}}
	if servedPage() {
		asked = append(asked, serverTraces{})
	}
	p.find(asked)
}

// find lists what the stores keep, one after the other.
func (p *Traces) find(stores []traceStore) {
	if len(stores) == 0 {
		p.later(func() {
			if len(p.stores) == 0 {
				p.said = noKeeping
			}
			p.ready = true
			p.space()
		})
		return
	}
	stores[0].all(func(list traces.List) {
		p.later(func() {
			p.stores = append(p.stores, stores[0])
			for _, t := range list {
				p.list = p.list.Add(t)
			}
			p.find(stores[1:])
		})
	}, func() { p.later(func() { p.find(stores[1:]) }) })
}

// servedPage reports whether a server stands behind the page.
func servedPage() bool { return api.ReadSite(app.Getenv(api.SiteVariable)).Server }

// onServer reports whether new traces go to the server.
func (p *Traces) onServer() bool { return slices.Contains(p.stores, traceStore(serverTraces{})) }

const noKeeping = "This browser keeps nothing for this site: a private window, perhaps. Save runs as files instead."

// OnDismount stops listening.
func (p *Traces) OnDismount() { p.plain.end() }

// later does something in go-app's own turn, and draws the page again.
func (p *Traces) later(do func()) { p.ctx.Dispatch(func(app.Context) { do(); p.Update() }) }

func (p *Traces) say(text string) { p.later(func() { p.said = text }) }

// space asks how much room there is.
func (p *Traces) space() {
	browser.Space(func(used, most int) { p.later(func() { p.used, p.most = used, most }) })
}

// keepAll keeps files of runs.
func (p *Traces) keepAll(chosen browser.Chosen) {
	for _, folder := range chosen.Folders {
		p.say(folder.Name + " is not kept: it is a folder, choose the files of runs in it")
	}
	for _, file := range chosen.Files {
		name := file.Get("name").String()
		go func() { // who reads a file waits for the browser
			blob := browser.NewBlob(file)
			t, err := traces.Describe(name, blob, blob.Size())
			if err != nil {
				p.say(name + " is not kept: " + err.Error())
				return
			}
			keepTrace(t, file, func(t traces.Trace) {
				p.later(func() { p.list, p.said = p.list.Add(t), t.Name+" is kept"; p.space() })
			}, func() { p.say(name + " is not kept: the browser has no room for it") })
		}()
	}
}

// keepTrace keeps a file as a new trace, on the server where that keeps any, and else in
// the browser.
func keepTrace(t traces.Trace, file app.Value, done func(traces.Trace), failed func()) {
	t.Saved = time.Now().UTC()
	t.Key = traces.KeyAt(t.Saved, strconv.FormatUint(rand.Uint64(), 36))
	keep := func() { storeOf(t).keep(t, file, func() { done(t) }, failed) }
	if !servedPage() {
		keep()
		return
	}
	serverTraces{}.all(func(traces.List) { t.Server = true; keep() }, keep)
}

// change shows and writes a trace that was renamed or described, and says so.
func (p *Traces) change(t traces.Trace, said string) {
	before, _ := p.list.Find(t.Key)
	t.Fault = ""           // people describe it again
	p.list = p.list.Add(t) // at once: the next change builds on it
	storeOf(t).describe(t, func() { p.say(said) }, func() {
		p.later(func() {
			if now, _ := p.list.Find(t.Key); now == t {
				p.list = p.list.Add(before)
			}
			p.said = "The change is not kept."
		})
	}, func() { p.say(gone(t)) })
}

// gone says that a trace is no longer there.
func gone(t traces.Trace) string { return t.Name + " is gone: another tab removed it" }

// remove takes a trace away, which undo puts back where it has a file.
func (p *Traces) remove(t traces.Trace) {
	remove := func(undo *removed, said string) {
		storeOf(t).remove(t.Key, func() {
			p.later(func() {
				rest, _, ok := p.list.Remove(t.Key)
				if !ok {
					return
				}
				p.list, p.removed, p.said = rest, undo, said
				p.pick(t.Key, false)
				p.space()
			})
		}, func() { p.say(t.Name + " could not be removed") })
	}
	storeOf(t).file(t.Key, func(file app.Value) { remove(&removed{t, file}, "") }, func() {
		if t.Fault != "" {
			remove(nil, t.Name+", which had no file, is removed")
			return
		}
		p.say(gone(t))
	})
}

// undo puts the removed trace back.
func (p *Traces) undo() {
	r := p.removed
	storeOf(r.trace).keep(r.trace, r.file, func() {
		p.later(func() { p.list, p.removed, p.said = p.list.Add(r.trace), nil, r.trace.Name+" is back"; p.space() })
	}, func() { p.say(r.trace.Name + " cannot be put back") })
}

// pick chooses a trace to compare, or no longer; of three the oldest choice goes.
func (p *Traces) pick(key string, on bool) {
	var rest []string
	for _, k := range p.picked {
		if k != key {
			rest = append(rest, k)
		}
	}
	if on {
		rest = append(rest, key)
	}
	p.picked, p.compared = rest[max(0, len(rest)-2):], nil
	if len(p.picked) == 2 {
		p.compare()
	}
}

// compare sets the two chosen traces side by side, unless others are by the time that their
// files are read.
func (p *Traces) compare() {
	picked := p.picked
	left, _ := p.list.Find(p.picked[0])
	right, _ := p.list.Find(p.picked[1])
	p.open(left, func(a *picture.Run) {
		p.open(right, func(b *picture.Run) {
			p.later(func() {
				if !slices.Equal(p.picked, picked) {
					return
				}
				c := &compared{left: left, right: right, of: traces.Compare(a, b)}
				if g := c.of.Grid; g != nil {
					c.svg = gridPicture(right.Name, &widget.ColumnView{Run: b, Grid: g, Labels: widget.Lines(b), Name: right.Name, Against: left.Name})
				}
				p.compared = c
			})
		})
	})
}

// file finds the file of a trace.
func (p *Traces) file(t traces.Trace, done func(file app.Value)) {
	storeOf(t).file(t.Key, done, func() { p.say(gone(t)) })
}

// open reads the run of a trace.
func (p *Traces) open(t traces.Trace, done func(*picture.Run)) {
	p.file(t, func(file app.Value) {
		go func() {
			blob := browser.NewBlob(file)
			r, err := traces.Open(blob, blob.Size())
			if err != nil {
				p.say(t.Name + " cannot be opened: " + err.Error())
				return
			}
			done(r)
		}()
	})
}

// show opens traces in the columns of the Explorer.
func (p *Traces) show(list []traces.Trace) {
	if len(list) == 0 {
		p.later(func() { p.ctx.Navigate(widget.At("/")) })
		return
	}
	side := 0
	if len(p.picked) == 2 && list[0].Key == p.picked[1] {
		side = 1
	}
	p.file(list[0], func(file app.Value) {
		keepFile(columnPlace(side), list[0].Name+".safetensors", file, func() { p.show(list[1:]) }, func() { p.say(noKeeping) })
	})
}
