package server

import (
	"encoding/csv"
	"net/http"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/native/publish"
	"kvscope/native/summary"
	"kvscope/web/api"
)

// export answers with everything an experiment came to, as a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	if format != "csv" && r.URL.Query().Has("table") {
		return input.Errorf("table", "only format=csv has one, format is %q", format)
	}
	e, cells, err := s.measured(r)
	if err != nil {
		return err
	}
	failures, err := s.lab.store.Failures(r.Context(), e.ID)
	if err != nil {
		return err
	}
	status, err := s.lab.jobs.Status(r.Context(), e.ID)
	if err != nil {
		return err
	}
	e.State = status.State
	name := "kvscope-" + e.ID
	answerSoon(w)
	switch format {
	case "csv":
		return s.exportCSV(w, r, name, cells)
	case "json":
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
		result := summary.Sum(cells)
		writeJSON(w, http.StatusOK, api.Export{
			Experiment: e, Status: status, Exported: time.Now(),
			Rows: result.Rows, Hits: result.Hits, Findings: summary.Findings(cells), Failures: failures,
		})
	case "html":
		page, err := publish.Report(publish.Result{Experiment: e, Progress: status.Progress, Cells: cells, Failures: failures}, s.version)
		if err != nil {
			return err
		}
		// The page brings its own styles and asks for nothing.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
		attach(w, "text/html; charset=utf-8", name+".html")
		w.Write(page)
	default:
		return input.Errorf("format", "%q, want csv, json or html", format)
	}
	return nil
}

// exportCSV answers with one of the tables.
func (s *Server) exportCSV(w http.ResponseWriter, r *http.Request, name string, cells []experiment.Measured) error {
	table := r.URL.Query().Get("table")
	write, err := publish.TableNamed(table)
	if err != nil {
		return err
	}
	if table != "" && table != "rows" {
		name += "-" + table
	}
	attach(w, "text/csv; charset=utf-8", name+".csv")
	if err := write(csv.NewWriter(w), cells); err != nil {
		s.log.Info("export cut short", "err", err)
	}
	return nil
}

// attach says that what follows is a file.
func attach(w http.ResponseWriter, contentType, name string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
