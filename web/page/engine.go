package page

import (
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/state"
)

// engineKey is where the choice of the engine is kept in the browser.
const engineKey = "kvscope.engine"

// keptEngine is the kind of engine that was chosen in this browser, "" for none.
func keptEngine() string { return browser.Local.Get(engineKey) }

// keepEngine keeps a choice; a browser that keeps nothing asks again after a reload.
func keepEngine(kind string) { browser.Local.Set(engineKey, kind) }

// haveHosts finds the places where the engine runs and takes the one that was chosen.
func (e *Explorer) haveHosts() {
	e.hosts = e.find()
	e.do(state.HasEngines{Engines: engines(e.hosts), Kind: keptEngine()})
	e.engage(e.s.Engine.Kind)
}

// engines describes hosts.
func engines(hosts []client.Host) []state.Engine {
	out := make([]state.Engine, len(hosts))
	for i, h := range hosts {
		out[i] = state.Engine{Kind: string(h.Kind), Title: h.Title, Advice: h.Advice, Apart: h.Kind == client.ServerHost}
	}
	return out
}

// engage lets the engine of a kind compute what is run from now on.
func (e *Explorer) engage(kind string) {
	for _, h := range e.hosts {
		if h.Kind == client.HostKind(kind) {
			e.engine = e.captures.Beside(h.Engine)
		}
	}
}
