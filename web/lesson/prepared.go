package lesson

import (
	"net/url"

	"kvscope/engine/run"
)

// Prepared is an example that shows at a glance what a method costs, found by
// `kvscope find` among the seeds of a task.
type Prepared struct {
	Title  string // what is lost and kept
	Query  string // address of the explorer, without what is the default
	Claims []Claim
}

// lostThenKept claims that everything is right in the last column and not in the first.
func lostThenKept(columns int) []Claim { return []Claim{Wrong{0}, Right{columns - 1}} }

// PreparedFor lists the examples of the demo pair and of a pretrained model with the
// adapters control and memory over it, where models has them.
func PreparedFor(models []run.ModelInfo) []Prepared {
	out := []Prepared{
		{"Quest at 1/8: one needle among needles", "task=MK-2&seed=3", lostThenKept(2)},
		{"MoBA at 1/16: a long identifier", "task=S-3&seed=12&method=moba&budget=1/16", lostThenKept(2)},
		{"Quest at 1/16: four values of one key", "task=MV&seed=2&budget=1/16", lostThenKept(2)},
	}
	adapted := run.Adapted(models)
	if adapted == nil {
		return out
	}
	base := adapted[0].Name
	columns := "&context=512&left=" + url.QueryEscape(base) + "&right=" + url.QueryEscape(base+run.AdapterJoint+"control") + "&third=" + url.QueryEscape(base+run.AdapterJoint+"memory")
	return append(out,
		Prepared{base + ", Quest at 1/8: a number in Tom Sawyer", "task=S-2&seed=5" + columns, append(lostThenKept(3), Wrong{1})},
		Prepared{base + ", Quest at 1/4: an identifier there", "task=S-3&seed=4&budget=1/4" + columns, lostThenKept(3)},
	)
}
