package report

import (
	"bytes"
	_ "embed" // the style sheet
	"fmt"
	"html"
	"slices"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"

	"kvscope/viz/chart"
)

//go:embed report.css
var styles string

// Report holds the contents of the page.
type Report struct {
	Title    string
	Made     string // when, and by which version
	Progress string
	Facts    []Fact // configuration and environment
	Rows     []chart.Row
	Claims   []Claim
	Failures []Failure
	Charts   []chart.Chart
	Label    string // of the paper's values
}

// Fact is a line of the configuration.
type Fact struct{ Name, Value string }

// Claim is a claim of the paper, and the findings for or against it.
type Claim struct {
	Title    string
	Text     string
	Findings []Finding
}

// Finding is a sentence with its verdict: supports, contradicts or undecided.
type Finding struct{ Verdict, Text string }

// Failure is a part of the experiment that could not be computed.
type Failure struct {
	Cell  string
	Tries int
	Error string
}

// head opens the HTML document, which the components do not do themselves.
const head = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title><style>
%s</style></head><body>
`

// HTML writes the report as a page.
func HTML(r Report) ([]byte, error) {
	page := &Page{Report: r}
	env, err := vugu.NewBuildEnv()
	if err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, head, html.EscapeString(r.Title), styles)
	if err := staticrender.New(&out).Render(env.RunBuild(page)); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	out.WriteString("</body></html>\n")
	return out.Bytes(), nil
}

// group is the charts of one view and method.
type group struct {
	title  string
	note   string // how to read the charts, up to the paper's label; "" for none
	charts []chart.Chart
}

var viewNotes = map[chart.View]string{
	chart.Accuracy: "Whiskers are 95% intervals. Dashed: the paper’s values, ",
	chart.Chance:   "Whiskers are the deviation over seeds. Dashed: the paper’s values, ",
}

var viewTitles = map[chart.View]string{
	chart.Accuracy: "Accuracy by budget",
	chart.Heads:    "Head hit rates",
	chart.Chance:   "Where chance selects",
	chart.Swaps:    "2 × 2 swap",
	chart.Depth:    "Accuracy by needle depth",
}

// width is the class of a fact that takes a line of its own, or none.
func width(f Fact) string {
	if len(f.Value) > 100 {
		return "wide"
	}
	return ""
}

// groups gathers charts under a heading each, in the order they first come.
func groups(charts []chart.Chart) []group {
	var out []group
	at := map[string]int{}
	for _, c := range charts {
		title := viewTitles[c.View]
		if c.View != chart.Chance {
			title += ": " + c.MethodName
			if c.Budget != "" {
				title += ", budget " + c.Budget
			}
		}
		i, known := at[title]
		if !known {
			i = len(out)
			at[title], out = i, append(out, group{title: title, note: viewNotes[c.View]})
		}
		out[i].charts = append(out[i].charts, c)
	}
	return out
}

// drawn is a chart as markup. Everything in it that came from outside was escaped
// when it was drawn.
func drawn(c chart.Chart) vugu.HTML { return vugu.HTML(c.SVG(chart.Properties)) }

// swapped reports whether a use of the memory was taken away in some row.
func swapped(rows []chart.Row) bool {
	return slices.ContainsFunc(rows, func(r chart.Row) bool { return r.Swap != chart.Swap{} })
}

// keysOf and statesOf say what a row picked by and read; without a memory there is
// only the one.
func keysOf(r chart.Row) string {
	if !r.Memory || r.SelectWith != "" {
		return "K"
	}
	return "K̃"
}

func statesOf(r chart.Row) string {
	if !r.Memory || r.ComputeWith != "" {
		return "K, V"
	}
	return "K̃, Ṽ"
}
