// Package report writes what an experiment came to as one HTML page that needs
// nothing else: numbers, pictures and what they say, for print and for keeping.
// The page is made of Vugu components, rendered where the report is asked for.
//
//	page, err := report.HTML(report.Report{Title: "Budgets", Charts: charts})
package report

//go:generate go tool vugugen -skip-go-mod -skip-main .
//go:generate gofmt -w .
