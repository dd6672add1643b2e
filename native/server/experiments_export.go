package server

import (
	"encoding/csv"
	"net/http"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/native/store"
	"kvscope/native/summary"
)

// export answers with everything an experiment came to, as a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	e, cells, err := s.measured(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	failures, err := s.lab.store.Failures(r.Context(), e.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	format := r.URL.Query().Get("format")
	name := "kvscope-" + e.ID
	answerSoon(w)
	switch format {
	case "csv":
		table := r.URL.Query().Get("table")
		write, ok := csvTables[table]
		if !ok {
			s.fail(w, r, input.Errorf("table", "%q, want rows, hits or examples", table))
			return
		}
		if table != "" && table != "rows" {
			name += "-" + table
		}
		attach(w, "text/csv; charset=utf-8", name+".csv")
		if err := write(csv.NewWriter(w), cells); err != nil {
			s.log.Info("export cut short", "err", err)
		}
	case "json":
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
		result := summary.Sum(cells)
		writeJSON(w, http.StatusOK, struct {
			Experiment store.Experiment    `json:"experiment"`
			Exported   time.Time           `json:"exported"`
			Rows       []experiment.Row    `json:"rows"`
			Hits       []experiment.Hit    `json:"hits"`
			Findings   []summary.Statement `json:"findings"`
			Failures   []store.Failure     `json:"failures"`
		}{e, time.Now(), result.Rows, result.Hits, summary.Findings(cells), failures})
	case "html":
		p, err := s.lab.store.Progress(r.Context(), e.ID)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		page, err := s.reportPage(e, p, cells, failures)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		// The page brings its own styles and asks for nothing.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
		attach(w, "text/html; charset=utf-8", name+".html")
		w.Write(page)
	default:
		s.fail(w, r, input.Errorf("format", "%q, want csv, json or html", format))
	}
}

// attach says that what follows is a file.
func attach(w http.ResponseWriter, contentType, name string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
