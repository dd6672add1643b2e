package api

import "kvscope/web/traces"

// Traces lists the recorded runs that a server keeps.
type Traces struct {
	Kept   bool        `json:"kept"` // whether it keeps any
	Traces traces.List `json:"traces"`
}
