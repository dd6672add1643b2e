package app

// navigate goes where a link leads. The library's, which the Makefile gives another name, does
// nothing where that is the address that it went to last; the page has written others since.
func navigate(d Dispatcher, rawURL string) {
	lastURLVisited = Window().URL()
	navigateFromLast(d, rawURL)
}

// onAchorClick follows links within the page, but for those that the browser opens elsewhere.
// The library's, which the Makefile gives another name, shows these in the place of the page.
func onAchorClick(d Dispatcher) func(Value, []Value) any {
	follow := onEveryAnchorClick(d)
	return func(this Value, args []Value) any {
		if opensElsewhere(args[0]) {
			return nil
		}
		return follow(this, args)
	}
}

// opensElsewhere reports whether a click is on a link that has a tab of its own, or was made
// with the key that opens a window.
func opensElsewhere(click Value) bool {
	at := click.Get("target")
	if !at.Get("closest").Truthy() {
		return false
	}
	return click.Get("shiftKey").Truthy() || at.Call("closest", "a[target]").Truthy()
}
