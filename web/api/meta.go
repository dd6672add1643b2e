package api

import (
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// Meta describes an engine: its models, tasks, methods and limits.
type Meta struct {
	Version string          `json:"version"`
	Models  []run.ModelInfo `json:"models"`
	Tasks   []Task          `json:"tasks"`
	Methods []sparse.Info   `json:"methods"`
	Limits  Limits          `json:"limits"`
}

// Task describes a needle task.
type Task struct {
	ID       string `json:"id"`
	RULER    string `json:"ruler"`    // its name there
	Haystack string `json:"haystack"` // what surrounds the needles
	Key      string `json:"key"`      // kind of the keys
	Value    string `json:"value"`    // kind of the values
	Keys     int    `json:"keys"`
	Values   int    `json:"values"` // of each key
	Queries  int    `json:"queries"`
}

// Limits bound the requests that a server takes, runs at once and keeps.
type Limits struct {
	RequestBytes int  `json:"request_bytes"`
	Runs         int  `json:"runs"`       // at once
	TextBytes    int  `json:"text_bytes"` // of a text that is kept for links to it; 0 where none are
	KeptBytes    int  `json:"kept_bytes"` // of runs kept to be looked into; the least recently used go first
	OpenPath     bool `json:"open_path"`  // models are opened by path
}
