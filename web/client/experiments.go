package client

import (
	"context"
	"encoding/json"
	"net/url"

	"kvscope/engine/experiment"
	"kvscope/viz/chart"
	"kvscope/web/api"
)

// Lab measures grids of runs and keeps what they came to. A refusal that blames a field
// is an input.Error.
type Lab interface {
	// Meta says what the lab has.
	Meta(ctx context.Context) (api.Meta, error)
	// List lists the experiments, newest first.
	List(ctx context.Context) ([]api.Described, error)
	// Estimate says what a grid would cost.
	Estimate(ctx context.Context, g experiment.Grid) (api.Estimate, error)
	// Create starts an experiment.
	Create(ctx context.Context, name string, g experiment.Grid) (api.Described, error)
	// Get is an experiment with its rows.
	Get(ctx context.Context, id string) (api.Described, error)
	// Decide tells an experiment to pause, resume or cancel.
	Decide(ctx context.Context, id, what string) (api.Described, error)
	// Remove forgets an experiment.
	Remove(ctx context.Context, id string) error
	// Pictures is the charts of an experiment beside the values of a table of the paper.
	Pictures(ctx context.Context, id, table string) (api.Pictures, error)
	// Examples is the examples of one row.
	Examples(ctx context.Context, id string, r chart.Ref) (api.Examples, error)
	// Follow says how an experiment is doing, whenever that changes, until ctx is over.
	Follow(ctx context.Context, id string, heard func(api.Status))
	// ExportAt is the address where an experiment can be downloaded as csv, json or html.
	ExportAt(id, format string) string
	// DrawingAt is the address of one picture as SVG.
	DrawingAt(id, table, picture string) string
}

// ServerLab is the Lab of `kvscope serve`.
type ServerLab struct {
	server *Server
}

// NewServerLab returns the experiments of the server at the origin of base.
func NewServerLab(base *url.URL) *ServerLab { return &ServerLab{NewServer(base)} }

// ask is Server.ask.
func (l *ServerLab) ask(ctx context.Context, method, path string, query url.Values, body, to any) error {
	return l.server.ask(ctx, method, path, query, body, to)
}

// Meta says what the engine has.
func (l *ServerLab) Meta(ctx context.Context) (api.Meta, error) { return l.server.Meta(ctx) }

// List lists the experiments, newest first.
func (l *ServerLab) List(ctx context.Context) ([]api.Described, error) {
	var out api.List
	err := l.ask(ctx, methodGet, "experiments", nil, nil, &out)
	return out.Experiments, err
}

// Estimate asks what a grid would cost.
func (l *ServerLab) Estimate(ctx context.Context, g experiment.Grid) (api.Estimate, error) {
	var out api.Estimate
	err := l.ask(ctx, methodPost, "experiments/estimate", nil, api.Order{Grid: g}, &out)
	return out, err
}

// Create starts an experiment.
func (l *ServerLab) Create(ctx context.Context, name string, g experiment.Grid) (api.Described, error) {
	var out api.Described
	err := l.ask(ctx, methodPost, "experiments", nil, api.Order{Name: name, Grid: g}, &out)
	return out, err
}

// Get asks for an experiment with its rows.
func (l *ServerLab) Get(ctx context.Context, id string) (api.Described, error) {
	var out api.Described
	err := l.ask(ctx, methodGet, "experiments/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Decide tells an experiment to pause, resume or cancel.
func (l *ServerLab) Decide(ctx context.Context, id, what string) (api.Described, error) {
	var out api.Described
	err := l.ask(ctx, methodPost, "experiments/"+url.PathEscape(id)+"/"+what, nil, nil, &out)
	return out, err
}

// Remove forgets an experiment.
func (l *ServerLab) Remove(ctx context.Context, id string) error {
	return l.ask(ctx, methodDelete, "experiments/"+url.PathEscape(id), nil, nil, &struct{}{})
}

// Pictures asks for the charts of an experiment beside the values of a table of the
// paper.
func (l *ServerLab) Pictures(ctx context.Context, id, table string) (api.Pictures, error) {
	var out api.Pictures
	err := l.ask(ctx, methodGet, "experiments/"+url.PathEscape(id)+"/charts", url.Values{"paper": {table}}, nil, &out)
	return out, err
}

// Examples asks for the examples of one row.
func (l *ServerLab) Examples(ctx context.Context, id string, r chart.Ref) (api.Examples, error) {
	var out api.Examples
	query := url.Values{
		"model": {r.Model}, "task": {r.Task}, "method": {r.Method}, "selector": {r.Selector},
	}
	for name, text := range r.Params {
		query.Set(name, text)
	}
	if r.SelectWith != "" {
		query.Set("select_with", r.SelectWith)
	}
	if r.ComputeWith != "" {
		query.Set("compute_with", r.ComputeWith)
	}
	err := l.ask(ctx, methodGet, "experiments/"+url.PathEscape(id)+"/examples", query, nil, &out)
	return out, err
}

// Follow listens to the progress that the server streams.
func (l *ServerLab) Follow(ctx context.Context, id string, heard func(api.Status)) {
	at := l.server.base.JoinPath("api/experiments", url.PathEscape(id), "progress")
	follow(ctx, at.String(), func(message []byte) {
		var s api.Status
		if json.Unmarshal(message, &s) == nil { // the next one may be understood
			heard(s)
		}
	})
}

// ExportAt is the address of an export.
func (*ServerLab) ExportAt(id, format string) string {
	return "/api/experiments/" + url.PathEscape(id) + "/export?format=" + format
}

// DrawingAt is the address of a picture.
func (*ServerLab) DrawingAt(id, table, picture string) string {
	return "/api/experiments/" + url.PathEscape(id) + "/chart.svg?" + url.Values{"paper": {table}, "chart": {picture}}.Encode()
}
