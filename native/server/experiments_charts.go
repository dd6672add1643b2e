package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"kvscope/assets"
	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
	"kvscope/native/summary"
	"kvscope/viz/chart"
	"kvscope/viz/echart"
	"kvscope/viz/report"
	"kvscope/web/api"
)

// charts answers with every picture of an experiment.
func (s *Server) charts(w http.ResponseWriter, r *http.Request) error {
	list, findings, err := s.drawn(r)
	if err != nil {
		return err
	}
	out := api.Pictures{Charts: []api.Picture{}, Findings: findings, Script: echartsURL()}
	for _, c := range list {
		option, err := echart.Option(c)
		if err != nil {
			return err
		}
		out.Charts = append(out.Charts, api.Picture{Chart: c, Option: option})
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// drawn are the charts and findings of the experiment that a request names.
func (s *Server) drawn(r *http.Request) ([]chart.Chart, []api.Finding, error) {
	paper, err := paperOf(r)
	if err != nil {
		return nil, nil, err
	}
	_, cells, err := s.measured(r)
	if err != nil {
		return nil, nil, err
	}
	return draw(cells, paper), summary.Findings(cells), nil
}

// paperOf is the paper's table that a request compares with, the first where it
// says none.
func paperOf(r *http.Request) (chart.Paper, error) {
	table := chart.Table(r.URL.Query().Get("paper"))
	if table == "" {
		table = chart.FromScratch
	}
	paper, err := chart.ParsePaper(assets.PaperTables(), table)
	if err != nil {
		return paper, input.Errorf("paper", "%v", err)
	}
	return paper, nil
}

// draw makes the charts of measured cells.
func draw(cells []experiment.Measured, paper chart.Paper) []chart.Chart {
	result := summary.Sum(cells)
	rates := summary.Rates(cells)
	rows := make([]chart.Row, len(result.Rows))
	var curves []chart.Curve
	for i, r := range result.Rows {
		rows[i] = chartRow(r)
		// A method that acts in the prefill selects for no answer step but the first.
		if info, _ := sparse.Method(r.Method); info.Phase != sparse.PhasePrefill {
			curves = append(curves, chart.Curve{
				Row: rows[i], Rates: rates[i],
				Interval: func(rate float64) (low, high float64) { return experiment.Wilson(rate, rows[i].Examples) },
			})
		}
	}
	var depths []chart.DepthCell
	for _, d := range summary.Depths(cells, chart.Parts) {
		depths = append(depths, chart.DepthCell{Row: chartRow(d.Row), Part: d.Part, Accuracy: d.Accuracy, Examples: d.Examples})
	}
	list := chart.Figure1(rows, paper)
	list = append(list, chart.Figures2to4(curves)...)
	list = append(list, chart.Table5(rows, paper)...)
	list = append(list, chart.Swaps2x2(rows)...)
	return append(list, chart.DepthMaps(depths)...)
}

func chartRow(r experiment.Row) chart.Row {
	info, _ := sparse.Method(r.Method)
	return chart.Row{
		Ref:    chart.Ref{Model: r.Model, Task: r.Task, Method: r.Method, Selector: r.Selector, Swap: chart.Swap(r.Swap), Params: r.Params},
		Budget: r.Budget, Block: r.Block, Name: info.Name, Setup: info.Describe(r.Params), Arch: r.Arch, Unit: info.Unit, Context: r.Context, Accuracy: r.Accuracy, Low: r.CI95[0], High: r.CI95[1],
		Std: r.Std, Seeds: r.Seeds, Examples: r.Examples,
	}
}

// chartSVG answers with one picture as a drawing that stands alone.
func (s *Server) chartSVG(w http.ResponseWriter, r *http.Request) error {
	list, _, err := s.drawn(r)
	if err != nil {
		return err
	}
	id := r.URL.Query().Get("chart")
	i := slices.IndexFunc(list, func(c chart.Chart) bool { return c.ID == id })
	if i < 0 {
		return input.Errorf("chart", "%q is none of the %d charts of this experiment", id, len(list))
	}
	daylight, err := assets.Colours(false)
	if err != nil {
		return err
	}
	answerSoon(w)
	attach(w, "image/svg+xml", "kvscope-"+id+".svg")
	w.Write(list[i].SVG(chart.Paint(daylight)))
	return nil
}

// echartsFile is compressed when it is first asked for, which few runs of the
// program do.
var echartsFile = sync.OnceValue(func() *file {
	return textFile("text/javascript; charset=utf-8", assets.ECharts(), true)
})

var echartsURL = sync.OnceValue(func() string { return "/web/echarts-" + hash(assets.ECharts()) + ".js" })

// serveECharts answers with the script that draws charts.
func serveECharts(w http.ResponseWriter, r *http.Request) { echartsFile().ServeHTTP(w, r) }

// claims is what the paper says, to put findings beside.
var claims = []struct {
	question    api.Question
	title, text string
}{
	{api.Accuracy, "Accuracy under a budget", "The paper finds that a memory over keys and values lets the same selection methods keep more of the accuracy as the budget shrinks."},
	{api.H1, "Hypothesis 1: the memory makes selection better", "A key that carries its neighbourhood represents its block better, so more heads select the needle at every answer step."},
	{api.H2, "Hypothesis 2: the memory makes what is selected worth more", "A selected entry carries some of what was not selected, so even where chance selects, less accuracy is lost."},
}

// swapClaim stands beside the findings of a swap, where there are some.
const swapClaim = "Both backbones differ in training too, one model does not: it picks by keys with the memory (K̃) or without (K), and reads states with it (K̃, Ṽ) or without (K, V), " +
	"one changed at a time. What picking by K loses is the memory's part in selection (hypothesis 1); what reading K, V loses is its part in the states (hypothesis 2), to be held against what " +
	"that loses where everything is read, since the model was never trained without its memory."

// claimed puts findings beside what is claimed.
func claimed(findings []api.Finding) []report.Claim {
	var out []report.Claim
	of := func(title, text string, questions ...api.Question) report.Claim {
		claim := report.Claim{Title: title, Text: text}
		for _, f := range findings {
			if slices.Contains(questions, f.Question) {
				claim.Findings = append(claim.Findings, report.Finding{Verdict: string(f.Verdict), Text: f.Text})
			}
		}
		return claim
	}
	for _, c := range claims {
		out = append(out, of(c.title, c.text, c.question))
	}
	if swap := of("The 2 × 2 swap: the two hypotheses apart, on one model", swapClaim, api.SwapHits, api.SwapKeys, api.SwapStates); len(swap.Findings) > 0 {
		out = append(out, swap)
	}
	return out
}

// reportPage writes an experiment as a page that needs nothing else.
func (s *Server) reportPage(e api.Experiment, p api.Progress, cells []experiment.Measured, failures []api.Failure) ([]byte, error) {
	paper, err := chart.ParsePaper(assets.PaperTables(), chart.FromScratch)
	if err != nil {
		return nil, err
	}
	result := summary.Sum(cells)
	grid, err := json.Marshal(e.Grid)
	if err != nil {
		return nil, err
	}
	examples, seconds := 0, 0.0
	out := report.Report{
		Title: e.Name, Made: "kvscope " + s.version + ", " + time.Now().Format("2 January 2006 15:04 MST"),
		Charts: draw(cells, paper), Label: paper.Label,
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
		fact("model "+r.Model, r.Arch+", weights "+r.ModelHash)
		fact("context", fmt.Sprintf("%d tokens", r.Context))
		fact("computed by", "kvscope "+r.Version+", "+r.Kernels+" kernels")
		out.Rows = append(out.Rows, chartRow(r))
	}
	fact("examples", fmt.Sprintf("%d, held out from training; seeds from %d", examples, experiment.Seed(0)))
	fact("computing", (time.Duration(seconds) * time.Second).String())
	out.Progress = fmt.Sprintf("%d of %d cells are computed, %d failed.", p.Done, p.Cells, p.Failed)
	if !p.Over() {
		out.Progress += " This is a report on the way: the experiment is " + string(e.State) + "."
	}
	out.Claims = claimed(summary.Findings(cells))
	for _, f := range failures {
		c := f.Cell
		out.Failures = append(out.Failures, report.Failure{
			Cell:  fmt.Sprintf("%s, %s, %s by %s, examples %d to %d", c.Model, c.Task, c.Selection(), c.Selector, c.First, c.First+c.Examples-1),
			Tries: f.Tries, Error: f.Error,
		})
	}
	return report.HTML(out)
}
