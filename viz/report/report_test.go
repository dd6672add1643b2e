package report

import (
	"regexp"
	"strings"
	"testing"

	"kvscope/viz/chart"
)

func sample() Report {
	rows := []chart.Row{
		{
			Ref: chart.Ref{Model: "<b>attention</b>", Task: "MK-2", Method: "quest", Selector: "own"}, Budget: 0.25, Block: 16,
			Name: "Quest of rows", Called: "<i>Attention</i>", Unit: "block", Accuracy: 0.5, Low: 0.4, High: 0.6, Seeds: 1, Examples: 100,
		},
		{
			Ref: chart.Ref{Model: "ratplus", Task: "MK-2", Method: "quest", Selector: "random"}, Budget: 0.25, Block: 16,
			Memory: true, Unit: "block", Accuracy: 0.25, Seeds: 5, Std: 0.0123, Examples: 500,
		},
	}
	return Report{
		Title: `Tables <script>alert("x")</script> & more`, Made: "24 November 2026", Progress: "2 of 2 cells",
		Facts: []Fact{{"kernels", "avx2"}},
		Rows:  rows, Label: "7B, 4,096 tokens",
		Claims: []Claim{
			{"Hypothesis 1", "Heads select the needle.", []Finding{{"contradicts", "RAT+ is behind by 3 points."}}},
			{"Hypothesis 2", "States carry it.", nil},
		},
		Failures: []Failure{{"quest on MK-3", 3, "panic: <nil>"}},
		Charts:   append(chart.Figure1(rows, chart.Paper{}), chart.Table5(rows, chart.Paper{})...),
	}
}

func TestReport(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{
		"<!doctype html>", "&lt;script&gt;", "<td>&lt;i&gt;Attention&lt;/i&gt;</td>", "<td>Quest of rows</td>", "<td>ratplus</td>", "Hypothesis 1", "RAT+ is behind by 3 points.", `class="contradicts"`,
		"Not measured here", "avx2", "1.23", "panic: &lt;nil&gt;", `viewBox="0 0`, "Where chance selects", "7B, 4,096 tokens", "40.0–60.0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the report", want)
		}
	}
	if n := strings.Count(text, "<svg"); n != 2 {
		t.Errorf("%d charts, want 2", n)
	}
	for _, never := range []string{"<script", "<b>attention", "<i>Attention", "<link", "src=", "@import", "url("} {
		if strings.Contains(text, never) {
			t.Errorf("the report holds %q", never)
		}
	}
	// The only address is the name of a format.
	for _, at := range regexp.MustCompile(`https?://[^"' ]*`).FindAllString(text, -1) {
		if at != "http://www.w3.org/2000/svg" {
			t.Errorf("the report asks for %s", at)
		}
	}
}

// TestReportOfASwap: the table says what was picked by and read, where it differs.
func TestReportOfASwap(t *testing.T) {
	r := sample()
	if page, err := HTML(r); err != nil || strings.Contains(string(page), "<th>states</th>") {
		t.Errorf("columns of a swap in a report without: %v", err)
	}
	r.Rows[1].Swap.ComputeWith = "plain"
	r.Charts = chart.Swaps2x2(r.Rows)
	page, err := HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<th>states</th>", "<td>K̃</td>", "<td>K, V</td>", "2 × 2 swap: quest", "reads K, V, budget 1/4: 25.0% of 500"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %q in the report", want)
		}
	}
}

func TestReportWithoutFailures(t *testing.T) {
	r := sample()
	r.Failures = nil
	page, err := HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "Not computed") {
		t.Error("a heading over nothing")
	}
}
