package server

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
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
		if table != "" && table != "rows" && table != "hits" {
			s.fail(w, r, input.Errorf("table", "%q, want rows or hits", table))
			return
		}
		if table == "hits" {
			name += "-hits"
		}
		attach(w, "text/csv; charset=utf-8", name+".csv")
		if err := writeCSV(csv.NewWriter(w), summary.Sum(cells), table == "hits"); err != nil {
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

// writeCSV writes rows or hits with the names that their JSON has.
func writeCSV(w *csv.Writer, result experiment.Result, hits bool) error {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if hits {
		if err := w.Write([]string{"model", "task", "method", "selector", "budget", "block", "layer", "head", "rate"}); err != nil {
			return err
		}
		for _, h := range result.Hits {
			if err := w.Write([]string{
				h.Model, h.Task, h.Method, h.Selector, number(h.Budget), strconv.Itoa(h.Block),
				strconv.Itoa(h.Layer), strconv.Itoa(h.Head), number(h.Rate),
			}); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if err := w.Write([]string{
		"model", "arch", "task", "method", "selector", "budget", "block", "k", "window", "context", "examples", "accuracy",
		"ci95_low", "ci95_high", "seeds", "std", "kv_read_fraction", "seconds", "model_hash", "version", "kernels",
	}); err != nil {
		return err
	}
	for _, r := range result.Rows {
		if err := w.Write([]string{
			r.Model, r.Arch, r.Task, r.Method, r.Selector, number(r.Budget), strconv.Itoa(r.Block), strconv.Itoa(r.K),
			strconv.Itoa(r.Window), strconv.Itoa(r.Context), strconv.Itoa(r.Examples), number(r.Accuracy),
			number(r.CI95[0]), number(r.CI95[1]), strconv.Itoa(r.Seeds), number(r.Std), number(r.Read),
			fmt.Sprintf("%.3f", r.Seconds), r.ModelHash, r.Version, r.Kernels,
		}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
