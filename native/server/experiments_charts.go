package server

import (
	"net/http"
	"slices"
	"sync"

	"kvscope/assets"
	"kvscope/engine/input"
	"kvscope/native/publish"
	"kvscope/native/summary"
	"kvscope/viz/chart"
	"kvscope/viz/echart"
	"kvscope/web/api"
)

// charts answers with every picture of an experiment.
func (s *Server) charts(w http.ResponseWriter, r *http.Request) error {
	list, findings, err := s.chartsAndFindings(r)
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

// chartsAndFindings are the charts and findings of the experiment that a request names.
func (s *Server) chartsAndFindings(r *http.Request) ([]chart.Chart, []api.Finding, error) {
	paper, err := publish.Paper(chart.Table(r.URL.Query().Get("paper")))
	if err != nil {
		return nil, nil, err
	}
	_, cells, err := s.measured(r)
	if err != nil {
		return nil, nil, err
	}
	return publish.Charts(cells, paper), summary.Findings(cells), nil
}

// chartSVG answers with one picture as a drawing that stands alone.
func (s *Server) chartSVG(w http.ResponseWriter, r *http.Request) error {
	list, _, err := s.chartsAndFindings(r)
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
