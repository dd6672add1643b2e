package api

import (
	"time"

	"kvscope/engine/experiment"
)

// State is where an experiment stands.
type State string

// The states. A person decides on the first three; an experiment of which nothing is
// left to compute is Finished, whatever was decided.
const (
	Running   State = "running"
	Paused    State = "paused"
	Cancelled State = "cancelled"
	Finished  State = "finished"
)

// Order asks for an experiment.
type Order struct {
	Name string          `json:"name"`
	Grid experiment.Grid `json:"grid"`
}

// Experiment is a grid that was asked for.
type Experiment struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Grid    experiment.Grid `json:"grid"`
	State   State           `json:"state"`
	Created time.Time       `json:"created"`
}

// Progress is how far an experiment has come, in cells and in examples.
type Progress struct {
	Cells        int     `json:"cells"`
	Done         int     `json:"done"`
	Failed       int     `json:"failed"`
	Examples     int     `json:"examples"`
	ExamplesDone int     `json:"examples_done"`
	Seconds      float64 `json:"seconds"` // of computing, all workers together
}

// Over reports whether nothing is left to compute.
func (p Progress) Over() bool { return p.Done+p.Failed == p.Cells }

// Status is how an experiment is doing.
type Status struct {
	Progress
	State   State   `json:"state"`
	Over    bool    `json:"over"`              // nothing is left to compute
	Rate    float64 `json:"rate"`              // examples a second of late, 0 when not known
	Left    float64 `json:"left"`              // seconds to the end at that rate, 0 when not known
	Workers int     `json:"workers"`           // heard of lately
	Trouble string  `json:"trouble,omitempty"` // why the queue takes no results, while it does not
}

// Failure is a cell that is out of tries.
type Failure struct {
	Cell  experiment.Cell `json:"cell"`
	Error string          `json:"error"` // of the last try
	Tries int             `json:"tries"`
}

// Described is an experiment and how it is doing. Rows and Failures are there where
// one experiment was asked for.
type Described struct {
	Experiment
	Status   Status           `json:"status"`
	Rows     []experiment.Row `json:"rows,omitempty"`
	Failures []Failure        `json:"failures,omitempty"`
	Ignored  []string         `json:"ignored,omitempty"` // of the grid, where one was made: what none of its cells makes anything of
}

// Describe puts an experiment beside how it is doing, whose state is that of both.
func Describe(e Experiment, s Status) Described {
	e.State = s.State
	return Described{Experiment: e, Status: s}
}

// Presence describes a worker that has been heard of lately.
type Presence struct {
	ID      string `json:"id"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Done    int    `json:"done"`
	Failed  int    `json:"failed"`
	Cell    string `json:"cell,omitempty"`    // being computed
	Trouble string `json:"trouble,omitempty"` // why the queue does not take its result
}

// List is all experiments, newest first, and the workers heard of lately.
type List struct {
	Experiments []Described `json:"experiments"`
	Workers     []Presence  `json:"workers"`
}

// Estimate is the cost of computing a grid.
type Estimate struct {
	Cells    int     `json:"cells"`
	Known    int     `json:"known"` // of the cells, computed before
	Examples int     `json:"examples"`
	Left     int     `json:"examples_left"`
	Tokens   float64 `json:"tokens"`  // to read and write at most, of the examples left
	FLOP     float64 `json:"flop"`    // 2 · weights · tokens, without attention
	Seconds  float64 `json:"seconds"` // of computing by one worker
	Tried    int     `json:"tried"`   // combinations of model and method timed just now on one example
	Workers  int     `json:"workers"` // heard of lately

	Ignored []string `json:"ignored,omitempty"` // of the grid: what none of its cells makes anything of
}

// Examples is the answered examples of one row, and one of its cells to ask them
// again.
type Examples struct {
	Cell     experiment.Cell      `json:"cell"`
	Examples []experiment.Example `json:"examples"`
}

// Hits is the hit rates of all heads.
type Hits struct {
	Hits []experiment.Hit `json:"hits"`
}

// Export is everything an experiment came to.
type Export struct {
	Experiment Experiment       `json:"experiment"`
	Status     Status           `json:"status"`
	Exported   time.Time        `json:"exported"`
	Rows       []experiment.Row `json:"rows"`
	Hits       []experiment.Hit `json:"hits"`
	Findings   []Finding        `json:"findings"`
	Failures   []Failure        `json:"failures"`
}
