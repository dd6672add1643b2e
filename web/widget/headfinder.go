package widget

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/picture"
	"kvscope/web/state"
)

// HeadFinder is the field that locks a head by its layer and number, of models with
// more heads than are found by eye.
type HeadFinder struct {
	app.Compo

	ID    string
	Heads picture.Heads // their number alone
	On    *Bus
}

// headsOf is the number of heads of h, all that a HeadFinder shows of them.
func headsOf(h *picture.Heads) picture.Heads {
	if h == nil {
		return picture.Heads{}
	}
	return picture.Heads{Layers: h.Layers, Heads: h.Heads}
}

// Render lays out the field.
func (f *HeadFinder) Render() app.UI {
	return app.Input().Type("text").Class("input find-head").Hidden(f.Heads.Layers*f.Heads.Heads < manyHeads).
		Placeholder("12.4").Title("find a head: its layer and its number, such as 12.4").Aria("label", "find a head, layer and number").
		DataSet("testid", "find-head-"+f.ID).OnChange(f.onFind)
}

// onFind locks the head that was typed, or says which there are.
func (f *HeadFinder) onFind(ctx app.Context, _ app.Event) {
	head, ok := ParseHead(ctx.JSSrc().Get("value").String(), f.Heads.Layers, f.Heads.Heads)
	if !ok {
		f.On.Do(state.ShowToast{Text: "There is no such head: layers are 0 to " + strconv.Itoa(f.Heads.Layers-1) + ", heads 0 to " + strconv.Itoa(f.Heads.Heads-1) + ", as in 12.4."})
		return
	}
	f.On.Do(state.LookAt{Head: head})
}

// ParseHead reads a layer and a head as people write them, "12.4", "L12·4", "12 4"; a
// layer alone is its first head.
func ParseHead(text string, layers, heads int) (picture.Head, bool) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if len(words) == 1 {
		words = append(words, "0")
	}
	if len(words) != 2 {
		return picture.Head{}, false
	}
	l, err1 := strconv.Atoi(words[0])
	h, err2 := strconv.Atoi(words[1])
	return picture.Head{Layer: l, Head: h}, err1 == nil && err2 == nil && l < layers && h < heads
}
