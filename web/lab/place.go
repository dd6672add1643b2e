package lab

import (
	"net/url"
	"slices"
	"strings"

	"kvscope/web/api"
	"kvscope/web/state"
)

// Place is the state of the experiments page that a link to it restores.
type Place struct {
	ID     string // of the experiment that is open
	View   string // one of Views
	Method string
	Budget string
	Paper  string // table to compare with
}

// Views are the views, with their titles.
var Views = [][2]string{{"accuracy", "Accuracy"}, {"heads", "Head hits"}, {"chance", "Random selector"}, {"swap", "2 × 2 swap"}, {"depth", "Depth map"}, {"ranking", "Ranking"}, {"table", "Table"}}

// DefaultPlace is the place of a link without a query.
func DefaultPlace() Place { return Place{View: "accuracy", Paper: "3"} }

func (p *Place) fields() []struct {
	name string
	at   *string
} {
	return []struct {
		name string
		at   *string
	}{{"id", &p.ID}, {"view", &p.View}, {"method", &p.Method}, {"budget", &p.Budget}, {"paper", &p.Paper}}
}

// Query writes p as a URL query, defaults left out.
func (p Place) Query() string {
	d := DefaultPlace()
	var parts []string
	for i, f := range p.fields() {
		if *f.at != *d.fields()[i].at {
			parts = append(parts, f.name+"="+state.Escape(*f.at))
		}
	}
	return strings.Join(parts, "&")
}

// ParseQuery reads what Query wrote. It takes any query: what it cannot use is dropped,
// which Misread tells.
func ParseQuery(query string) Place {
	p, _ := readQuery(query)
	return p
}

// Misread lists the parts of a query that ParseQuery drops, as they stand in it.
func Misread(query string) []string {
	_, misread := readQuery(query)
	return misread
}

func readQuery(query string) (p Place, misread []string) {
	p = DefaultPlace()
	read := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if pair != "" && (err != nil || !p.set(name, strings.ToValidUTF8(value, "\uFFFD"))) {
			misread = append(misread, pair)
			continue
		}
		if before, twice := read[name]; twice && before != pair { // the last counts
			misread = append(misread, before)
		}
		read[name] = pair
	}
	return p, misread
}

// set reads one part of a query, and reports whether it could be used.
func (p *Place) set(name, value string) bool {
	switch name {
	case "view":
		if !slices.ContainsFunc(Views, func(v [2]string) bool { return v[0] == value }) {
			return false
		}
	case "paper":
		if value != "3" && value != "4" {
			return false
		}
	}
	for _, f := range p.fields() {
		if f.name == name {
			*f.at = value
			return true
		}
	}
	return false
}

// Choices lists the methods, and for the chosen one the budgets, that pictures of a
// view are of, and settles on those of them that the place names, or the first.
func (p Place) Choices(all []api.Picture) (settled Place, methods, budgets []string) {
	for _, c := range all {
		if string(c.View) == p.View && !slices.Contains(methods, c.Method) {
			methods = append(methods, c.Method)
		}
	}
	settled = p
	if !slices.Contains(methods, p.Method) {
		settled.Method = ""
		if len(methods) > 0 {
			settled.Method = methods[0]
		}
	}
	for _, c := range all {
		if string(c.View) == p.View && c.Method == settled.Method && c.Budget != "" && !slices.Contains(budgets, c.Budget) {
			budgets = append(budgets, c.Budget)
		}
	}
	if !slices.Contains(budgets, p.Budget) {
		settled.Budget = ""
		if len(budgets) > 0 {
			settled.Budget = budgets[0]
		}
	}
	return settled, methods, budgets
}

// Shown lists the pictures that a settled place shows.
func (p Place) Shown(all []api.Picture) []api.Picture {
	var out []api.Picture
	for _, c := range all {
		if string(c.View) == p.View && c.Method == p.Method && c.Budget == p.Budget {
			out = append(out, c)
		}
	}
	return out
}
