package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// nodeList are nodes of the page, each of which is asked for when it is needed: a long
// prompt has thousands.
type nodeList struct {
	nodes app.Value
	known []app.Value // nil where it was not asked for yet
}

// findAll are the elements below root that a selector matches.
func findAll(root app.Value, selector string) nodeList {
	nodes := root.Call("querySelectorAll", selector)
	return nodeList{nodes, make([]app.Value, nodes.Length())}
}

func (e *nodeList) len() int { return len(e.known) }

// at is one of them.
func (e *nodeList) at(i int) app.Value {
	if e.known[i] == nil {
		e.known[i] = e.nodes.Index(i)
	}
	return e.known[i]
}

// all are all of them.
func (e *nodeList) all() []app.Value {
	for i := range e.known {
		e.at(i)
	}
	return e.known
}

// toggle gives one of them a class, or takes it away; there may be none of that number.
func (e *nodeList) toggle(i int, class string, on bool) {
	if i >= 0 && i < e.len() {
		e.at(i).Get("classList").Call("toggle", class, on)
	}
}

// list are nodes that are all needed.
func list(nodes app.Value) []app.Value {
	of := nodeList{nodes, make([]app.Value, nodes.Length())}
	return of.all()
}
