package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/trace"
)

// Experiment is a grid that was asked for, and how it is doing. Rows and Failures
// are there where one experiment was asked for.
type Experiment struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Grid     experiment.Grid  `json:"grid"`
	State    string           `json:"state"` // running, paused or cancelled
	Created  time.Time        `json:"created"`
	Status   Status           `json:"status"`
	Rows     []experiment.Row `json:"rows"`
	Failures []Failure        `json:"failures"`
}

// Status is how an experiment is doing, in cells and in examples.
type Status struct {
	State        string  `json:"state"`
	Cells        int     `json:"cells"`
	Done         int     `json:"done"`
	Failed       int     `json:"failed"`
	Examples     int     `json:"examples"`
	ExamplesDone int     `json:"examples_done"`
	Seconds      float64 `json:"seconds"` // of computing
	Over         bool    `json:"over"`
	Rate         float64 `json:"rate"` // examples a second, 0 when not known
	Left         float64 `json:"left"` // seconds, 0 when not known
	Workers      int     `json:"workers"`
}

// Failure is a cell that is out of tries.
type Failure struct {
	Cell  experiment.Cell `json:"cell"`
	Error string          `json:"error"`
	Tries int             `json:"tries"`
}

// Estimate is what a grid would cost.
type Estimate struct {
	Cells    int     `json:"cells"`
	Known    int     `json:"known"` // computed before
	Examples int     `json:"examples"`
	Left     int     `json:"examples_left"`
	Tokens   float64 `json:"tokens"`
	FLOP     float64 `json:"flop"`
	Seconds  float64 `json:"seconds"` // by one worker
	Tried    int     `json:"tried"`
	Workers  int     `json:"workers"`
}

// Picture is a chart: what it shows, and the option of the script that draws it.
type Picture struct {
	ID         string          `json:"id"`
	View       string          `json:"view"`
	Kind       string          `json:"kind"`
	Title      string          `json:"title"`
	Method     string          `json:"method"`
	Budget     string          `json:"budget"`
	XName      string          `json:"x_name"`
	YName      string          `json:"y_name"`
	Categories []string        `json:"categories"`
	Series     []PictureSeries `json:"series"`
	Option     json.RawMessage `json:"option"`
}

// PictureSeries is the points of one model.
type PictureSeries struct {
	Name   string         `json:"name"`
	Colour string         `json:"colour"`
	Paper  bool           `json:"paper"`
	Points []PicturePoint `json:"points"`
}

// PicturePoint is one value, and the row it shows.
type PicturePoint struct {
	X     float64 `json:"x"`
	Level int     `json:"level"`
	Y     float64 `json:"y"`
	About string  `json:"about"`
	Ref   *Ref    `json:"ref"`
}

// Ref names a row.
type Ref struct {
	Model    string  `json:"model"`
	Task     string  `json:"task"`
	Method   string  `json:"method"`
	Selector string  `json:"selector"`
	Budget   float64 `json:"budget"`
	Block    int     `json:"block"`
	experiment.Swap
	Depths *[2]float64 `json:"depths"` // of the examples shown, 0..1; nil: all
}

// Finding is what the numbers say of one claim of the paper.
type Finding struct {
	Question string `json:"question"` // accuracy, H1, H2, or swap- and what is swapped
	Method   string `json:"method"`
	Verdict  string `json:"verdict"`
	Text     string `json:"text"`
}

// Pictures is every chart of an experiment.
type Pictures struct {
	Charts   []Picture `json:"charts"`
	Findings []Finding `json:"findings"`
	Script   string    `json:"script"` // path of the script that draws
}

// Examples is the answered examples of one row.
type Examples struct {
	Cell     experiment.Cell      `json:"cell"`
	Examples []experiment.Example `json:"examples"`
}

// Lab asks the server about experiments. A refusal that blames a field is an
// input.Error.
type Lab struct {
	server *Server
}

// NewLab returns the experiments of the server at the origin of base.
func NewLab(base *url.URL) *Lab { return &Lab{NewServer(base)} }

// ask sends a request to path below /api/ and reads the answer into to.
func (l *Lab) ask(ctx context.Context, method, path string, query url.Values, body, to any) error {
	at := l.server.base.JoinPath("api", path)
	at.RawQuery = query.Encode()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	status, answer, err := send(ctx, method, at.String(), text)
	if err != nil {
		return err
	}
	if status >= 400 {
		var refusal struct{ Error trace.Failure }
		if json.Unmarshal(answer, &refusal) != nil || refusal.Error.Message == "" {
			return fmt.Errorf("ask %s: status %d", path, status)
		}
		if refusal.Error.Field != "" {
			return input.Errorf(refusal.Error.Field, "%s", refusal.Error.Message)
		}
		return fmt.Errorf("%s", refusal.Error.Message)
	}
	if err := json.Unmarshal(answer, to); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// Meta says what the engine has.
func (l *Lab) Meta(ctx context.Context) (Meta, error) { return l.server.Meta(ctx) }

// List lists the experiments, newest first.
func (l *Lab) List(ctx context.Context) ([]Experiment, error) {
	var out struct{ Experiments []Experiment }
	err := l.ask(ctx, "GET", "experiments", nil, nil, &out)
	return out.Experiments, err
}

// order is what asks for an experiment.
type order struct {
	Name string          `json:"name"`
	Grid experiment.Grid `json:"grid"`
}

// Estimate asks what a grid would cost.
func (l *Lab) Estimate(ctx context.Context, g experiment.Grid) (Estimate, error) {
	var out Estimate
	err := l.ask(ctx, "POST", "experiments/estimate", nil, order{"", g}, &out)
	return out, err
}

// Create starts an experiment.
func (l *Lab) Create(ctx context.Context, name string, g experiment.Grid) (Experiment, error) {
	var out Experiment
	err := l.ask(ctx, "POST", "experiments", nil, order{name, g}, &out)
	return out, err
}

// Get asks for an experiment with its rows.
func (l *Lab) Get(ctx context.Context, id string) (Experiment, error) {
	var out Experiment
	err := l.ask(ctx, "GET", "experiments/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Decide tells an experiment to pause, resume or cancel.
func (l *Lab) Decide(ctx context.Context, id, what string) (Experiment, error) {
	var out Experiment
	err := l.ask(ctx, "POST", "experiments/"+url.PathEscape(id)+"/"+what, nil, nil, &out)
	return out, err
}

// Remove forgets an experiment.
func (l *Lab) Remove(ctx context.Context, id string) error {
	return l.ask(ctx, "DELETE", "experiments/"+url.PathEscape(id), nil, nil, &struct{}{})
}

// Pictures asks for the charts of an experiment beside the values of a table of the
// paper.
func (l *Lab) Pictures(ctx context.Context, id, table string) (Pictures, error) {
	var out Pictures
	err := l.ask(ctx, "GET", "experiments/"+url.PathEscape(id)+"/charts", url.Values{"paper": {table}}, nil, &out)
	return out, err
}

// Examples asks for the examples of one row.
func (l *Lab) Examples(ctx context.Context, id string, r Ref) (Examples, error) {
	var out Examples
	query := url.Values{
		"model": {r.Model}, "task": {r.Task}, "method": {r.Method}, "selector": {r.Selector},
		"budget": {strconv.FormatFloat(r.Budget, 'f', -1, 64)}, "block": {strconv.Itoa(r.Block)},
	}
	if r.SelectWith != "" {
		query.Set("select_with", r.SelectWith)
	}
	if r.ComputeWith != "" {
		query.Set("compute_with", r.ComputeWith)
	}
	err := l.ask(ctx, "GET", "experiments/"+url.PathEscape(id)+"/examples", query, nil, &out)
	return out, err
}

// ProgressPath is where the progress of an experiment is streamed.
func ProgressPath(id string) string { return "/api/experiments/" + url.PathEscape(id) + "/progress" }

// ExportPath is where an experiment can be downloaded as csv, json or html.
func ExportPath(id, format string) string {
	return "/api/experiments/" + url.PathEscape(id) + "/export?format=" + format
}

// DrawingPath is where one picture can be downloaded.
func DrawingPath(id, table, picture string) string {
	return "/api/experiments/" + url.PathEscape(id) + "/chart.svg?" + url.Values{"paper": {table}, "chart": {picture}}.Encode()
}
