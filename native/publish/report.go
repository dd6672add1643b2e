package publish

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"kvscope/engine/experiment"
	"kvscope/native/summary"
	"kvscope/viz/chart"
	"kvscope/viz/number"
	"kvscope/viz/report"
	"kvscope/web/api"
)

// Result is all that an experiment came to.
type Result struct {
	Experiment api.Experiment
	Progress   api.Progress
	Cells      []experiment.Measured
	Failures   []api.Failure
}

// Report writes an experiment as a page that needs nothing else, by a kvscope of the
// given version.
func Report(x Result, version string) ([]byte, error) {
	e, p := x.Experiment, x.Progress
	paper, err := Paper(chart.FromScratch)
	if err != nil {
		return nil, err
	}
	result := summary.Sum(x.Cells)
	grid, err := json.Marshal(e.Grid)
	if err != nil {
		return nil, err
	}
	examples, seconds := 0, 0.0
	out := report.Report{
		Title: e.Name, Made: "kvscope " + version + ", " + time.Now().Format("2 January 2006 15:04 MST"),
		Charts: Charts(x.Cells, paper), Label: paper.Label,
	}
	facts := map[string]bool{}
	fact := func(name, value string) {
		if !facts[name+value] {
			facts[name+value] = true
			out.Facts = append(out.Facts, report.Fact{Name: name, Value: value})
		}
	}
	fact("experiment", e.ID)
	fact("grid", string(grid))
	fact("begun", e.Created.Format("2 January 2006 15:04 MST"))
	fact("server", runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH)
	for _, r := range result.Rows {
		examples, seconds = examples+r.Examples, seconds+r.Seconds
		fact("model "+r.Model, r.Arch+", fingerprint "+r.ModelHash)
		fact("context", number.Of(r.Context, "token"))
		fact("computed by", "kvscope "+r.Version+", "+r.Kernels+" kernels")
		out.Rows = append(out.Rows, chartRow(r))
	}
	fact("examples", fmt.Sprintf("%s, held out from training; seeds from %d", number.Count(examples), experiment.Seed(0)))
	fact("computing", number.Wait(seconds))
	out.Progress = fmt.Sprintf("%s of %s cells are computed, %s failed.", number.Count(p.Done), number.Count(p.Cells), number.Count(p.Failed))
	if !p.Over() {
		out.Progress += " This is a report on the way: the experiment is " + string(e.State) + "."
	}
	out.Claims = claimed(summary.Findings(x.Cells))
	for _, f := range x.Failures {
		c := f.Cell
		out.Failures = append(out.Failures, report.Failure{
			Cell:  fmt.Sprintf("%s, %s, %s by %s, examples %d to %d", c.Model, c.Task, c.Selection(), c.Selector, c.First, c.First+c.Examples-1),
			Tries: f.Tries, Error: f.Error,
		})
	}
	return report.HTML(out)
}
