package widget

import (
	"math"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
)

// keyboard hears what the keyboard does in a part of the page. It is the part's only
// while the part was come to by key: who pressed something with the pointer goes on with
// the keys of the page.
type keyboard struct {
	root app.Value
	key  func(key string) bool // reports whether the key is taken
	left func()

	on   bool // the part was come to by key
	stop []func()
}

// open listens to root; come is told that the keyboard came, left that it went.
func (k *keyboard) open(root app.Value, come func(), key func(string) bool, left func()) {
	k.close()
	k.root, k.key, k.left = root, key, left
	k.stop = []func(){
		browser.Listen(root, "focusin", func(e app.Value) {
			was := k.on
			k.on = e.Get("target").Call("matches", ":focus-visible").Bool()
			if k.on && !was {
				come()
			}
		}),
		browser.Listen(root, "focusout", func(e app.Value) {
			if to := e.Get("relatedTarget"); k.on && !(to.Truthy() && root.Call("contains", to).Bool()) {
				k.on = false
				left()
			}
		}),
		browser.Listen(root, "pointerdown", func(app.Value) { k.on = false }),
		browser.Listen(root, "keydown", k.hear),
	}
}

func (k *keyboard) hear(e app.Value) {
	if !k.on || e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy() || e.Get("altKey").Truthy() || e.Get("shiftKey").Truthy() {
		return
	}
	if k.key(e.Get("key").String()) {
		e.Call("preventDefault")
	}
}

func (k *keyboard) close() {
	for _, stop := range k.stop {
		stop()
	}
	k.stop, k.on = nil, false
}

// roving makes the buttons of a part one stop of Tab: that which is pressed or current,
// else the first. Arrows move among them, Home and End go to the ends.
type roving struct {
	keyboard
	items string // a selector
}

// settle takes over root, which go-app may have replaced, and leaves one button that Tab
// comes to.
func (r *roving) settle(root app.Value, items string) {
	if r.root == nil || !r.root.Equal(root) {
		r.items = items
		r.open(root, func() {}, r.move, func() {})
	}
	stop := r.focused()
	if !stop.Truthy() {
		stop = chosen(root)
	}
	leaveOne(root, items, stop)
}

// chosen is the button of root that is pressed or current, null for none.
func chosen(root app.Value) app.Value {
	return root.Call("querySelector", `[aria-pressed="true"], [aria-current]`)
}

// leaveOne makes stop, or the first where it is null, the one of the items of root that
// Tab comes to.
func leaveOne(root app.Value, items string, stop app.Value) {
	for i, item := range list(root.Call("querySelectorAll", items)) {
		index := -1
		if !stop.Truthy() && i == 0 || stop.Truthy() && stop.Equal(item) {
			index = 0
		}
		if item.Get("tabIndex").Int() != index {
			item.Set("tabIndex", index)
		}
	}
}

// focused is the button that has the keyboard, null for none of them.
func (r *roving) focused() app.Value { return r.root.Call("querySelector", ":focus") }

func (r *roving) move(key string) bool {
	now := r.focused()
	if !now.Truthy() {
		return false
	}
	items := list(r.root.Call("querySelectorAll", r.items))
	at := indexOf(items, now)
	to, ok := beside(boxes(items), at, key)
	if !ok {
		return false
	}
	if to != at {
		now.Set("tabIndex", -1)
		items[to].Set("tabIndex", 0)
		items[to].Call("focus")
	}
	return true
}

func indexOf(items []app.Value, item app.Value) int {
	for i, other := range items {
		if other.Equal(item) {
			return i
		}
	}
	return -1
}

// box is where something is on the screen.
type box struct{ left, top, width, height float64 }

// boxes are the places of elements; of text that is broken over lines, that of its
// beginning.
func boxes(items []app.Value) []box {
	out := make([]box, len(items))
	for i, item := range items {
		if rects := item.Call("getClientRects"); rects.Length() > 0 {
			r := rects.Index(0)
			out[i] = box{r.Get("left").Float(), r.Get("top").Float(), r.Get("width").Float(), r.Get("height").Float()}
		}
	}
	return out
}

// beside is where a key leads to among things in the order of reading: left and right to
// the neighbours, up and down to what is nearest on the next row that way, Home and End
// to the ends. At the ends it stays. ok is false for other keys, and where at is none.
func beside(all []box, at int, key string) (to int, ok bool) {
	if at < 0 || at >= len(all) {
		return at, false
	}
	switch key {
	case "ArrowLeft":
		return max(at-1, 0), true
	case "ArrowRight":
		return min(at+1, len(all)-1), true
	case "Home":
		return 0, true
	case "End":
		return len(all) - 1, true
	case "ArrowUp":
		return nextRow(all, at, -1), true
	case "ArrowDown":
		return nextRow(all, at, 1), true
	}
	return at, false
}

// nextRow returns the box that stands nearest below at, by 1, or above it, by -1.
func nextRow(all []box, at, by int) int {
	const same = 0.5 // of a height: what begins within it is on one row
	here, best := all[at], at
	x := here.left + here.width/2
	far := func(b box) (rows, columns float64) {
		return float64(by) * (b.top - here.top), math.Abs(b.left + b.width/2 - x)
	}
	for i, b := range all {
		rows, columns := far(b)
		if rows <= same*here.height {
			continue
		}
		bestRows, bestColumns := far(all[best])
		nearer := rows < bestRows-same*here.height || rows < bestRows+same*here.height && columns < bestColumns
		if best == at || nearer {
			best = i
		}
	}
	return best
}
